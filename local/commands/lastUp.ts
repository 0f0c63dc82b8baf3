import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../paths";

/**
 * Digest of what the outputs of a run come from, besides the resources: the program's sources, and what it is told. Where a
 * preview changes no resource, and the digest is that of the last complete run, a run would change nothing.
 *
 * @param configFile the stack's config
 * @param access how the cluster is reached
 */
export async function digestOf(configFile: string, access: unknown): Promise<string> {
  const list = await readFile(join(repositoryRoot, "dist", "program.sources.json"), "utf8");
  const files = (JSON.parse(list) as string[]).map((path) => join(repositoryRoot, path));
  const digest = createHash("sha256").update(JSON.stringify(access));
  for (const file of [...files, configFile]) digest.update(await readFile(file)).update("\0");
  return digest.digest("hex");
}

/** Whether the last complete run had this digest. */
export async function isLastUp(stateDirectory: string, digest: string): Promise<boolean> {
  return (await readFile(fileIn(stateDirectory), "utf8").catch(() => undefined)) === digest;
}

/** Remember the digest of a complete run. */
export function recordUp(stateDirectory: string, digest: string): Promise<void> {
  return writeFile(fileIn(stateDirectory), digest);
}

function fileIn(stateDirectory: string): string {
  return join(stateDirectory, "last-up");
}
