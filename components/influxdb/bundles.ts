import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A program of a Job as one file, with all that it needs. The package's build puts the texts themselves in place of this
 * module (scripts/package.mjs).
 *
 * @throws Error when it has not been built
 */
function bundle(file: string): string {
  const path = join(__dirname, "..", "..", "dist", file);
  if (existsSync(path)) return readFileSync(path, "utf8");
  throw new Error(
    `${path} is not there: run \`npm run build\`, which bundles the programs of InfluxDB's Jobs`,
  );
}

/** The program that brings InfluxDB to its desired state. */
export const reconcileBundle = (): string => bundle("reconcile.js");

/** The program that archives raw events. */
export const archiveBundle = (): string => bundle("archive.js");
