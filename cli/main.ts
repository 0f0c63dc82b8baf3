#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkLogs, formatReport } from "../contract/checkLogs";
import { checkExpressions, formatNames, type LogFormat, type LogSource } from "../contract/formats";
import { images, mirrored } from "../components/images";
import { type AppKind, appKinds, writeNewApp } from "./newApp";

const usage = `usage: ds-monitoring check-logs FILE [--format ${formatNames.join("|")}] [--json]
       ds-monitoring check-logs FILE --regexp EXPRESSION [--time-format STRPTIME] [--time-zone ZONE] [--json]
         of access lines: [--route TEMPLATE]… [--probe-path PATH]… [--max-routes NUMBER]
       ds-monitoring new-app DIR --platform ORGANIZATION/PROJECT/STACK [--name NAME] [--kind ${appKinds.join("|")}]
                             [--library VERSION_OR_TARBALL]
       ds-monitoring images [--registry REGISTRY]

check-logs says how the lines of a log file will be read, what is wrong with them and how to fix it.
new-app writes the Pulumi project of an app that the platform of that stack monitors. It installs this version of
ds-monitoring from the registry of npm; --library file:/path/to/ds-monitoring-0.2.0.tgz names another, or a tarball.
images lists what the platform pulls, an image a line; with --registry also what it is called in that mirror.
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
      "time-format": { type: "string" },
      "time-zone": { type: "string" },
      route: { type: "string", multiple: true },
      "probe-path": { type: "string", multiple: true },
      "max-routes": { type: "string" },
      json: { type: "boolean", default: false },
      name: { type: "string" },
      platform: { type: "string" },
      kind: { type: "string", default: "model-api" },
      registry: { type: "string" },
      library: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [command, file, ...more] = positionals;
  if (command === "new-app") {
    if (file === undefined || more.length > 0) throw new UsageError("new-app needs exactly one folder");
    return newApp(file, values);
  }
  if (command === "images") {
    if (file !== undefined) throw new UsageError("images takes no argument but --registry");
    process.stdout.write(`${imageList(values.registry).join("\n")}\n`);
    return 0;
  }
  if (command !== "check-logs")
    throw new UsageError(command === undefined ? "name a command" : `unknown command "${command}"`);
  if (file === undefined || more.length > 0) throw new UsageError("check-logs needs exactly one file");
  const report = checkLogs(readFile(file), { format: formatOf(values), ...routesOf(values) });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(file, report));
  return report.problems.some(({ severity }) => severity === "error") ? 1 : 0;
}

function newApp(
  folder: string,
  values: { name?: string; platform?: string; kind: string; library?: string },
): number {
  const { platform, kind, library, name = basename(resolve(folder)) } = values;
  if (platform === undefined)
    throw new UsageError("new-app needs --platform, the platform's stack, e.g. acme/ds-monitoring/prod");
  if (!appKinds.includes(kind as AppKind))
    throw new UsageError(`--kind must be one of ${appKinds.join(", ")}, got "${kind}"`);
  const files = writeNewApp(folder, { name, platform, kind: kind as AppKind, library });
  process.stdout.write(`${files.map((file) => join(folder, file)).join("\n")}\n`);
  return 0;
}

/** The images by their full names at Docker Hub, each with its name in a mirror. */
function imageList(registry: string | undefined): string[] {
  return [...new Set<string>(Object.values(images))].sort().map((image) => {
    const source = `docker.io/${image.includes("/") ? image : `library/${image}`}`;
    return registry === undefined ? source : `${source} ${mirrored(registry, image)}`;
  });
}

function formatOf(values: {
  format: string;
  regexp?: string;
  "time-format"?: string;
  "time-zone"?: string;
}): LogFormat {
  const { format: name, regexp, "time-format": timeFormat, "time-zone": timeZone } = values;
  if (regexp !== undefined) {
    const format = { regexp, timeFormat, timeZone, samples: [] };
    try {
      checkExpressions(format);
    } catch (error) {
      throw new UsageError(`--regexp and its options: ${(error as Error).message}`);
    }
    return format;
  }
  if (timeFormat !== undefined || timeZone !== undefined)
    throw new UsageError("--time-format and --time-zone are for a --regexp with the group time");
  if (!formatNames.includes(name))
    throw new UsageError(`--format must be one of ${formatNames.join(", ")}, got "${name}"`);
  return name as LogFormat;
}

function routesOf(values: {
  route?: string[];
  "probe-path"?: string[];
  "max-routes"?: string;
}): Pick<LogSource, "routes" | "probePaths" | "maxRoutes"> {
  const maxRoutes = values["max-routes"];
  if (maxRoutes !== undefined && !/^[1-9]\d*$/.test(maxRoutes))
    throw new UsageError(`--max-routes must be a whole number, at least 1, got "${maxRoutes}"`);
  for (const [option, paths = []] of [
    ["--route", values.route],
    ["--probe-path", values["probe-path"]],
  ] as const) {
    const wrong = paths.find((path) => !path.startsWith("/"));
    if (wrong !== undefined) throw new UsageError(`${option} must begin with "/", got "${wrong}"`);
  }
  return {
    routes: values.route,
    probePaths: values["probe-path"],
    maxRoutes: maxRoutes === undefined ? undefined : Number(maxRoutes),
  };
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
