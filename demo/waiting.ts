import { sleep } from "../local/processes";

/**
 * Ask again and again until there is an answer.
 *
 * @param what what is waited for, for the error
 * @param ask the answer, or undefined as long as there is none
 * @param timeoutMs how long it may take
 * @param intervalMs pause between two questions; default 250 ms
 * @throws Error that names `what` when the time is up
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
    if (Date.now() > deadline)
      throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for ${what}, in vain`);
    await sleep(intervalMs);
  }
}
