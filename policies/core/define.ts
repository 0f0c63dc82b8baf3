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
  /** Schema of the policy's own settings; `exemptions` is added to each. */
  configSchema: PolicyConfigSchema;
  enforcementLevel: EnforcementLevel;
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
      const resource = fromArgs(args);
      const violations = definition.validate(resource, args.getConfig<Config & object>());
      reportStanding(
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
      const resources = args.resources.map(fromPolicyResource).sort((a, b) => (a.urn < b.urn ? -1 : 1));
      const violations = definition.validate(resources, args.getConfig<Config & object>());
      reportStanding(definition.name, violations, args.getConfig(), report);
    },
  };
}

function header({ name, description, configSchema, enforcementLevel }: PolicyDefinition): PolicyDefinition {
  return {
    name,
    description,
    configSchema: {
      ...configSchema,
      properties: { ...configSchema.properties, exemptions: exemptionsSchema },
    },
    enforcementLevel,
  };
}

function reportStanding(
  policy: string,
  violations: readonly Violation[],
  config: { exemptions?: Exemption[] },
  report: ReportViolation,
): void {
  const today = new Date().toISOString().slice(0, 10);
  const { standing, exempted } = applyExemptions(violations, config.exemptions ?? [], today);
  for (const { message, resource } of standing) report(message, resource?.urn);
  for (const entry of exempted) {
    const key = `${policy} ${entry.violation.resource?.urn ?? ""} ${entry.violation.message}`;
    effectiveExemptions.set(key, { policy, ...entry });
  }
}

function fromArgs(args: ResourceValidationArgs): Resource {
  return {
    type: args.type,
    name: args.name,
    urn: args.urn,
    properties: toPlain(args.props),
    protect: args.opts.protect,
    parent: args.opts.parent,
  };
}

function fromPolicyResource(resource: PolicyResource): Resource {
  return {
    type: resource.type,
    name: resource.name,
    urn: resource.urn,
    properties: toPlain(resource.props),
    protect: resource.opts.protect,
    parent: resource.parent?.urn,
  };
}
