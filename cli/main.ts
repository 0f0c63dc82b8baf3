#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkLogs, formatReport } from "../components/logs/checkLogs";
import { builtInFormats, LogFormat } from "../components/logs/formats";

const formats = ["auto", "json", ...Object.keys(builtInFormats)];

const usage = `usage: ds-monitoring check-logs FILE [--format ${formats.join("|")}] [--regexp EXPRESSION] [--json]

Says how the lines of a log file will be read, what is wrong with them and how to fix it.
Exit code: 0 nothing is lost, 1 something is, 2 wrong usage.
`;

/** A wrong call; the message names the argument and the fix. */
class UsageError extends Error {}

function main(argv: string[]): number {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      format: { type: "string", default: "auto" },
      regexp: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [command, file, ...more] = positionals;
  if (command !== "check-logs") throw new UsageError(`unknown command ${JSON.stringify(command ?? "")}`);
  if (file === undefined || more.length > 0) throw new UsageError("check-logs needs exactly one file");
  const report = checkLogs(readFile(file), formatOf(values.format, values.regexp));
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(file, report));
  return report.problems.some(({ severity }) => severity === "error") ? 1 : 0;
}

function formatOf(name: string, regexp: string | undefined): LogFormat {
  if (regexp !== undefined) {
    try {
      new RegExp(regexp);
    } catch (error) {
      throw new UsageError(`--regexp: ${(error as Error).message}`);
    }
    return { regexp, samples: [] };
  }
  if (!formats.includes(name))
    throw new UsageError(`--format must be one of ${formats.join(", ")}, got "${name}"`);
  return name as LogFormat;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`ds-monitoring: ${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
