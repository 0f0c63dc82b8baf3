import type { Engine } from "../engine/engine";
import type { EngineRun } from "../../policies/report/engineRun";
import { describePlugin } from "../engine/plugins";

/** A line for the user. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Passes the engine's output on, line by line, without the lines that only say that it is alive or where it
 * found a plugin (`describeTools` says that once).
 */
export function engineOutput(write: (text: string) => void = (text) => process.stdout.write(text)) {
  let rest = "";
  return (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (!isNoise(line)) write(`${line}\n`);
  };
}

function isNoise(line: string): boolean {
  return line.trim() === "" || line.startsWith("@ ") || /warning: using pulumi-\S+ from \$PATH/.test(line);
}

/** Which engine and plugins are used, and which of those are stand-ins. */
export function describeTools(engine: Pick<Engine, "tools" | "plugins">): string[] {
  const tools = Object.values(engine.tools).map(
    ({ name, version, source, path }) =>
      `  ${name} ${version ?? ""} (${source === "path" ? path : "built from source"})`,
  );
  return [...tools, ...engine.plugins.map((plugin) => `  ${describePlugin(plugin)}`)];
}

/** For example `12 created, 3 unchanged`. */
export function describeChanges(changes: EngineRun["changes"]): string {
  const words: Readonly<Record<string, string>> = {
    create: "created",
    update: "changed",
    delete: "deleted",
    replace: "replaced",
    same: "unchanged",
  };
  const parts = Object.entries(changes)
    .filter(([, count]) => count > 0)
    .map(([op, count]) => `${count} ${words[op] ?? op}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/** Number of resources that were not left as they were. */
export function countChanges(changes: EngineRun["changes"]): number {
  return Object.entries(changes)
    .filter(([op]) => op !== "same")
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Number of resources by kind of thing, for example `9 core/v1:Service`; components apart. */
export function describeResources(types: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const type of types) {
    const name = type.replace(/^kubernetes:/, "");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `  ${count} ${name}`);
}

/** Seconds since `startedMs`, with one digit. */
export function seconds(startedMs: number): string {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}

/** A path as a word of a shell command. */
export function shellPath(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
