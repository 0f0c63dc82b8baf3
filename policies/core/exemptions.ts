import type { PolicyConfigSchema } from "@pulumi/policy";
import type { Resource, Violation } from "./resource";

/** How far ahead an exemption may reach: longer, and nobody looks at it again. */
export const horizonDays = 90;

/** Lets one resource pass one policy for a time. */
export interface Exemption {
  /** Name of the resource, or `*` for all and for what concerns the whole stack. */
  resource: string;
  /** Why, for the reader of the next review. */
  reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`; at most {@link horizonDays} from today. */
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
 * An exemption that has expired, or that reaches beyond the horizon, lets nothing pass, and the message of what it
 * covered says so.
 *
 * @param today `YYYY-MM-DD`
 */
export function applyExemptions(
  violations: readonly Violation[],
  exemptions: readonly Exemption[],
  today: string,
): { remaining: Violation[]; exempted: Exempted[] } {
  const horizon = new Date(Date.parse(today) + horizonDays * 86_400_000).toISOString().slice(0, 10);
  const remaining: Violation[] = [];
  const exempted: Exempted[] = [];
  for (const violation of violations) {
    const covering = exemptions.filter((exemption) => covers(exemption, violation.resource));
    const valid = covering.find(({ expires }) => today <= expires && expires <= horizon);
    const refused = covering.find(({ expires }) => horizon < expires) ?? covering[0];
    if (valid !== undefined) {
      exempted.push({ violation, exemption: valid });
    } else if (refused !== undefined) {
      const { reason, expires } = refused;
      const note =
        horizon < expires
          ? `Its exemption («${reason}») does not hold: it expires on ${expires}, and may at most on ${horizon}, ${horizonDays} days from now.`
          : `Its exemption («${reason}») expired on ${expires}.`;
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
