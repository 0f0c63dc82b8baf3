import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The reconcile program as one file, with all that it needs. The package's build puts the text itself in place of this
 * module (scripts/package.mjs).
 *
 * @throws Error when it has not been built
 */
export function reconcileBundle(): string {
  const path = join(__dirname, "..", "..", "..", "dist", "reconcile.js");
  if (!existsSync(path)) {
    throw new Error(
      `${path} is not there: run \`npm run build\`, which bundles the InfluxDB reconcile program`,
    );
  }
  return readFileSync(path, "utf8");
}
