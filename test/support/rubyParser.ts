import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contractFiles } from "../../components/fluentd/contractFiles";
import { type LogFormat, type LogSource, multilineStartOf, renderedFormat } from "../../contract/formats";
import { portableRegexp } from "../../contract/regexps";

/** Why the Ruby code that Fluentd loads can't run here; false where it can. */
export const missingRuby =
  spawnSync("ruby", ["--version"]).status !== 0 &&
  "ruby is not on PATH: THE CODE THAT FLUENTD LOADS DID NOT RUN";

/** What the parser of the sidecar makes of a record. */
export interface RubyRecord {
  /** The record, joined of its lines. */
  text: string;
  /** Null for a blank record. The time is `time_unix_nano`, as a text. */
  event: Record<string, string | number> | null;
  /** How finely the time is written; null where the record has none. */
  tick: number | null;
}

/** Nanoseconds at which the lines are read, and "now" for times without a year. */
export const readAtSeconds = 1_800_000_000;

/** Joins lines and parses the records with the code that Fluentd loads, in one process. */
export function parseWithRuby(
  lines: readonly string[],
  source: LogSource | LogFormat = "auto",
): RubyRecord[] {
  const folder = mkdtempSync(join(tmpdir(), "ruby-contract-"));
  try {
    const defaults = { "service.name": "svc", "deployment.environment.name": "test" };
    const files = contractFiles(defaults, { format: renderedFormat(source) });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const format = typeof source === "object" && "regexp" in source ? source : (source as LogSource).format;
    const start = multilineStartOf(format);
    const program = `
      require "base64"
      require ${JSON.stringify(join(folder, "log_parser.rb"))}
      require ${JSON.stringify(join(folder, "log_joiner.rb"))}
      contract = LogContract::Contract.load(LogContract::Contract::PATH)
      parser = LogContract::Parser.new(contract, contract.formats.fetch("format"))
      start = ARGV[0] && Regexp.new(ARGV[0])
      joiner = LogContract::Joiner.new(start, parser.method(:known?))
      print_record = lambda do |record|
        next if record.nil?
        event, tick = parser.parse(record[0], ${readAtSeconds})
        event["time_unix_nano"] = event["time_unix_nano"].to_s if event&.key?("time_unix_nano")
        puts JSON.generate({ text: record[0], event: event, tick: tick })
      end
      $stdin.each_line do |line|
        text = Base64.decode64(line).force_encoding("UTF-8")
        text = text.scrub { |bytes| bytes.each_byte.map { |byte| format("\\\\x%02X", byte) }.join }
        print_record.call(joiner.add(text, 0, 0))
      end
      print_record.call(joiner.take)`;
    const result = spawnSync("ruby", ["-e", program, ...(start ? [portableRegexp(start).ruby] : [])], {
      input: lines.map((line) => `${Buffer.from(line).toString("base64")}\n`).join(""),
      encoding: "utf8",
      maxBuffer: 1024 * 1024 * 1024,
    });
    if (result.status !== 0) throw new Error(result.stderr);
    return result.stdout
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as RubyRecord);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
