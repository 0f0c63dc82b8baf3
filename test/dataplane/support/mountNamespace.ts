import { chmod, writeFile } from "node:fs/promises";
import { run } from "../../../local/processes";

/** Why programs can't get mounts of their own here; false where they can. */
export async function missingMountNamespace(): Promise<string | false> {
  const { code, stderr } = await run("unshare", [
    ...["--map-root-user", "--mount"],
    ...["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"],
  ]).catch((error: Error) => ({ code: 1, stderr: error.message }));
  if (code === 0) return false;
  return `unshare and mount are not allowed here (${stderr.trim()})`;
}

/**
 * Write a script that starts a program in a mount namespace of its own: nobody else sees what it mounts, and it is gone
 * with the program. Its files are at `/proc/PID/root`.
 *
 * @param mount shell command that mounts
 * @returns the script's path, to be used in place of the program
 */
export async function writeMountingScript(file: string, mount: string, program: string): Promise<string> {
  const inside = `${mount} && exec "$0" "$@"`;
  await writeFile(
    file,
    `#!/bin/sh\nexec unshare --map-root-user --mount sh -c '${inside}' '${program}' "$@"\n`,
  );
  await chmod(file, 0o755);
  return file;
}
