import type { Platform } from "../support/platform";

/** What the scenarios share: the platform, up since `before` of the file that calls them. */
export interface Suite {
  /** Why they are skipped; false when they run. */
  readonly skip: string | false;
  readonly platform: Platform;
}
