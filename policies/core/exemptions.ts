import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Resource, Violation } from "./resource";

/** Lets one resource pass one policy for a time. */
export interface Exemption {
  /** Name of the resource, or `*` for all and for what concerns the whole stack. */
  resource: string;
  /** Why, for the reader of the next review. */
  reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`. */
  expires: string;
}

/** JSON Schema of the list of exemptions that every policy takes. */
export const exemptionsSchema: PolicyConfigSchema["properties"][string] = {
  type: "array",
  description: "Resources that may pass for a time, each with a reason and a last day.",
  default: [],
  items: {
    type: "object",
    properties: {
      resource: { type: "string", minLength: 1 },
      reason: { type: "string", minLength: 10 },
      expires: { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}$" },
    },
    required: ["resource", "reason", "expires"],
    additionalProperties: false,
  },
};

/** A violation that an exemption let pass. */
export interface Exempted {
  violation: Violation;
  exemption: Exemption;
}

/**
 * Divide violations into those that remain and those that an exemption allows.
 *
 * An expired exemption lets nothing pass, and the message of what it covered says so.
 *
 * @param today `YYYY-MM-DD`
 */
export function applyExemptions(
  violations: readonly Violation[],
  exemptions: readonly Exemption[],
  today: string,
): { remaining: Violation[]; exempted: Exempted[] } {
  const remaining: Violation[] = [];
  const exempted: Exempted[] = [];
  for (const violation of violations) {
    const covering = exemptions.filter((exemption) => covers(exemption, violation.resource));
    const valid = covering.find((exemption) => today <= exemption.expires);
    const expired = covering[0];
    if (valid !== undefined) {
      exempted.push({ violation, exemption: valid });
    } else if (expired !== undefined) {
      const note = `Its exemption («${expired.reason}») expired on ${expired.expires}.`;
      remaining.push({ ...violation, message: `${violation.message} ${note}` });
    } else {
      remaining.push(violation);
    }
  }
  return { remaining, exempted };
}

function covers(exemption: Exemption, resource: Resource | undefined): boolean {
  return exemption.resource === "*" || exemption.resource === resource?.name;
}
