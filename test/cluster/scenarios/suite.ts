import { test } from "node:test";
import type { Platform } from "../support/platform";

/** What the scenarios share: the platform, up since `before` of the file that calls them. */
export interface Suite {
  /** Why they are skipped; false when they run. */
  readonly skip: string | false;
  readonly platform: Platform;
}

/** A test on the platform, which has failed when it takes longer than `seconds`. */
export function scenario(
  suite: Suite,
  title: string,
  seconds: number,
  check: (platform: Platform) => Promise<void>,
): void {
  test(title, { skip: suite.skip, timeout: seconds * 1000 }, () => check(suite.platform));
}
