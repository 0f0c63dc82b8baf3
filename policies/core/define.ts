import type {
  EnforcementLevel,
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { applyExemptions, exemptionsSchema, type Exempted, type Exemption } from "./exemptions";
import type { Resource, Violation } from "./resource";
import { toPlain } from "./values";

interface PolicyDefinition {
  name: string;
  description: string;
  /**
   * JSON Schemas of the policy's own settings; `exemptions` is added to each policy.
   * @default none
   */
  settings?: PolicyConfigSchema["properties"];
  /** @default "mandatory" */
  enforcementLevel?: EnforcementLevel;
}

/** A policy about one resource at a time. It also runs before each resource of an update is created. */
export interface ResourcePolicyDefinition<Config> extends PolicyDefinition {
  /** The messages of what is wrong; pure. */
  validate: (resource: Resource, config: Config) => string[];
}

/** A policy about the whole stack, run at the end of a preview. */
export interface StackPolicyDefinition<Config> extends PolicyDefinition {
  /** What is wrong; pure. */
  validate: (resources: Resource[], config: Config) => Violation[];
}

/** Exemptions that took effect so far in this process, by policy and resource; the policy `exemptions` reports them. */
export const effectiveExemptions = new Map<string, Exempted & { policy: string }>();

/** Make a Pulumi policy of a pure one. */
export function resourcePolicy<Config>(
  definition: ResourcePolicyDefinition<Config>,
): ResourceValidationPolicy {
  return {
    ...header(definition),
    validateResource: (args, report) => {
      const resource = resourceOf(args, args.opts.parent);
      const violations = definition.validate(resource, args.getConfig<Config & object>());
      reportViolations(
        definition.name,
        violations.map((message) => ({ message, resource })),
        args.getConfig(),
        report,
      );
    },
  };
}

/** Make a Pulumi policy of a pure one. */
export function stackPolicy<Config>(definition: StackPolicyDefinition<Config>): StackValidationPolicy {
  return {
    ...header(definition),
    validateStack: (args, report) => {
      // The engine's order is that of the run: sorted, the same stack gets the same messages.
      const resources = args.resources
        .map((resource) => resourceOf(resource, resource.parent?.urn))
        .sort((a, b) => (a.urn < b.urn ? -1 : 1));
      const violations = definition.validate(resources, args.getConfig<Config & object>());
      reportViolations(definition.name, violations, args.getConfig(), report);
    },
  };
}

function header({ name, description, settings, enforcementLevel = "mandatory" }: PolicyDefinition) {
  return {
    ...{ name, description, enforcementLevel },
    configSchema: { properties: { ...settings, exemptions: exemptionsSchema } },
  };
}

function reportViolations(
  policy: string,
  violations: readonly Violation[],
  config: { exemptions?: Exemption[] },
  report: ReportViolation,
): void {
  const today = new Date().toISOString().slice(0, 10);
  const { remaining, exempted } = applyExemptions(violations, config.exemptions ?? [], today);
  for (const { message, resource } of remaining) report(message, resource?.urn);
  for (const entry of exempted) {
    const key = `${policy} ${entry.violation.resource?.urn ?? ""} ${entry.violation.message}`;
    effectiveExemptions.set(key, { policy, ...entry });
  }
}

function resourceOf(
  { type, name, urn, props, opts, provider }: ResourceValidationArgs | PolicyResource,
  parent: string | undefined,
): Resource {
  const isComponent = provider === undefined && !type.startsWith("pulumi:providers:");
  return { type, name, urn, properties: toPlain(props), protect: opts.protect, isComponent, parent };
}

/** Schema of a setting that is a list of texts. */
export function listOfTexts(
  description: string,
  standard: string[],
): PolicyConfigSchema["properties"][string] {
  return { type: "array", description, items: { type: "string" }, default: standard };
}
