import * as pulumi from "@pulumi/pulumi";
import { checked } from "../kubernetes/checked";
import { sloAnnotation } from "../kubernetes/labels";

/** How fast an API shall answer. */
export interface LatencyObjectiveArgs {
  /** Share of the requests, 0 to 1 without both, e.g. 0.95. */
  p: pulumi.Input<number>;
  /** Time within which that share is answered, in seconds, from 0.001 to 900; counted to 4.9 %. */
  seconds: pulumi.Input<number>;
}

/** Service level objectives of a {@link ModelApi}, over 30 days. */
export interface SloArgs {
  /**
   * Share of the requests that don't end in a server error (5xx), 0 to 1 without both, e.g. 0.995.
   * @default none
   */
  availability?: pulumi.Input<number>;
  /**
   * How fast it answers, e.g. `{ p: 0.95, seconds: 0.3 }`.
   * @default none
   */
  latency?: LatencyObjectiveArgs;
}

/**
 * Annotations by which the platform knows the objectives of an API: Telegraf reads them with its Deployment.
 *
 * @throws Error naming the argument and the fix
 */
export function sloAnnotations(
  api: string,
  slo: SloArgs | undefined,
): pulumi.Input<Record<string, pulumi.Input<string>>> | undefined {
  if (slo === undefined) return undefined;
  const { availability, latency } = slo;
  const known = checked({ availability, latency }, (objectives) => requireObjectives(api, objectives));
  return { [sloAnnotation]: pulumi.jsonStringify(known) };
}

function requireObjectives(
  api: string,
  { availability, latency }: { availability?: number; latency?: { p: number; seconds: number } },
): void {
  const example = `e.g. { availability: 0.995, latency: { p: 0.95, seconds: 0.3 } }`;
  if (availability === undefined && latency === undefined) {
    throw new Error(
      `ModelApi "${api}": slo names no objective: give availability, latency or both, ${example}`,
    );
  }
  for (const [argument, share] of [
    ["availability", availability],
    ["latency.p", latency === undefined ? undefined : latency.p],
  ] as const) {
    if (share !== undefined && !(share > 0 && share < 1)) {
      throw new Error(
        `ModelApi "${api}": slo.${argument} must be above 0 and below 1 (0.995 is 99.5 %), got ${share}; ${example}`,
      );
    }
  }
  if (latency !== undefined && !(latency.seconds >= 0.001 && latency.seconds <= 900)) {
    throw new Error(
      `ModelApi "${api}": slo.latency.seconds must be from 0.001 to 900, got ${latency.seconds}; ${example}`,
    );
  }
}
