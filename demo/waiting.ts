import { sleep } from "../local/processes";

/**
 * Poll until there is an answer.
 *
 * @param what what is waited for, for the error
 * @param ask the answer, or undefined as long as there is none
 * @param timeoutMs timeout in milliseconds
 * @param intervalMs pause between two polls; default 250 ms
 * @throws Error that names `what` after the timeout
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  intervalMs = 250,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not there after ${Math.round(timeoutMs / 1000)} s`);
    await sleep(intervalMs);
  }
}
