import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { lock } from "proper-lockfile";

/** A holder that was killed has not refreshed its lock for this long, and another takes it over. */
const staleMs = 10_000;

/**
 * Run `work` while holding the lock `path`. A lock left by a process that was killed is taken over.
 *
 * The lock is the folder `<path>ed`: version 0.1.0 had a file at `path`, which may still be there.
 *
 * @param path what is locked; its folder is created
 * @param onWait called once when another process holds the lock
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const settings = { realpath: false, stale: staleMs, lockfilePath: `${path}ed` };
  const release = await lock(path, settings).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ELOCKED") throw error;
    onWait();
    return lock(path, { ...settings, retries: { forever: true, minTimeout: 200, maxTimeout: 1_000 } });
  });
  try {
    return await work();
  } finally {
    await release();
  }
}
