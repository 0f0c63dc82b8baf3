import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { lock } from "proper-lockfile";
import { sleep } from "./processes";

/** A holder that was killed has not refreshed its lock for this long, and another takes it over. */
const staleMs = 10_000;

/** The folder that is there while the lock `path` is held. */
export const lockFolder = (path: string): string => `${path}ed`;

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
  const release = await acquire(path, onWait);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string, onWait: () => void): Promise<() => Promise<void>> {
  const settings = { realpath: false, stale: staleMs, lockfilePath: lockFolder(path) };
  for (let waited = false; ; waited = true) {
    // Each time: the one waited for may have removed it.
    await mkdir(dirname(path), { recursive: true });
    try {
      return await lock(path, settings);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["ELOCKED", "ENOENT"].includes(code)) throw error;
    }
    if (!waited) onWait();
    await sleep(500);
  }
}
