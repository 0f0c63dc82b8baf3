import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isAlive, sleep } from "./processes";

/** A holder refreshes its lock this often; one that has not for `staleMs` is taken for dead. */
const refreshMs = 5_000;
const staleMs = 30_000;

interface Holder {
  pid: number;
  token: string;
}

/**
 * Run `work` while holding the lock file `path`. A lock left by a process that was killed is taken over: its
 * process is gone, or (when the id is in use again) the file is no longer refreshed.
 *
 * @param path the lock file; its folder is created
 * @param onWait called once with the holder's process id when another process holds the lock
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (pid: number) => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const mine: Holder = { pid: process.pid, token: randomUUID() };
  let announced = false;
  while (!(await acquire(path, mine))) {
    const holder = await readHolder(path);
    if (!announced && holder !== undefined) {
      onWait(holder.pid);
      announced = true;
    }
    await sleep(200);
  }
  const refresh = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, refreshMs);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    if ((await readHolder(path))?.token === mine.token) await rm(path, { force: true });
  }
}

async function acquire(path: string, mine: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(mine), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (!(await isStale(path))) return false;
  // Two processes may judge the same lock stale: the later rename wins, and the other sees that here.
  const claim = `${path}.${mine.token}`;
  await writeFile(claim, JSON.stringify(mine));
  await rename(claim, path);
  await sleep(100);
  return (await readHolder(path))?.token === mine.token;
}

async function isStale(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleMs) return true;
    const holder = await readHolder(path);
    // An unreadable lock is being written this very moment, or was cut off by a kill: its age decides.
    return holder !== undefined && !isAlive(holder.pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
