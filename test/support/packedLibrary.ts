import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../local/paths";

const execute = promisify(execFile);

/** A packed library: the tarball, and the paths of its files. */
export interface PackedLibrary {
  tarball: string;
  files: string[];
}

/** Compiles the library and packs it as `npm pack` does at a release, into `folder`. What is bundled must be built. */
export async function packLibrary(folder: string): Promise<PackedLibrary> {
  await execute(process.execPath, ["scripts/package.mjs"], { cwd: repositoryRoot });
  // `prepack` would bundle anew what other tests run at this moment.
  const { stdout } = await execute(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    { cwd: repositoryRoot },
  );
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/** Lines that a person writes: not blank, not a comment. */
export function writtenLines(program: string): number {
  return program.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}
