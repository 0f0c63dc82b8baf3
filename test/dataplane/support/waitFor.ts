import { sleep } from "../../../local/processes";

/**
 * Ask again and again until something is there.
 *
 * @throws Error that names it, when it is not there in time
 */
export async function waitFor<Value>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(200);
  }
}
