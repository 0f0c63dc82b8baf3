import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import type { Resource } from "../../../policies/core/resource";
import type { Properties, Unknown } from "../../../policies/core/values";

/** A resource with the URN that its type and name give. */
export function resource(
  type: string,
  name: string,
  properties: Properties,
  more: Partial<Resource> = {},
): Resource {
  return { type, name, urn: urnOf(type, name), properties, protect: false, ...more };
}

export function urnOf(type: string, name: string): string {
  return `urn:pulumi:test::test::${type}::${name}`;
}

/** The messages of a resource policy about one resource. */
export function checkResource(
  policy: ResourceValidationPolicy,
  checked: Resource,
  config: object = {},
): string[] {
  const messages: string[] = [];
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error(`${policy.name} validates no resource`);
  const args = {
    ...{ type: checked.type, name: checked.name, urn: checked.urn, props: checked.properties },
    opts: { protect: checked.protect, ignoreChanges: [], aliases: [], additionalSecretOutputs: [] },
    getConfig: () => ({ ...defaultsOf(policy), ...config }),
  };
  void validate(args as unknown as Parameters<typeof validate>[0], (message) => messages.push(message));
  return messages;
}

/** The messages of a stack policy about all resources of a stack. */
export function checkStack(
  policy: StackValidationPolicy,
  stack: readonly Resource[],
  config: object = {},
): string[] {
  const messages: string[] = [];
  const resources = stack.map(({ properties, parent, protect, isComponent, ...rest }) => ({
    ...rest,
    provider: isComponent === true ? undefined : { type: "pulumi:providers:test" },
    props: properties,
    opts: { protect },
    parent: parent === undefined ? undefined : { urn: parent },
  }));
  const args = { resources, getConfig: () => ({ ...defaultsOf(policy), ...config }) };
  void policy.validateStack(args as unknown as Parameters<typeof policy.validateStack>[0], (message) =>
    messages.push(message),
  );
  return messages;
}

/** The defaults of a policy's settings, as the engine fills them in. */
function defaultsOf(policy: ResourceValidationPolicy | StackValidationPolicy): object {
  const entries = Object.entries(policy.configSchema?.properties ?? {});
  return Object.fromEntries(
    entries
      .filter(([, schema]) => schema.default !== undefined)
      .map(([key, schema]) => [key, schema.default]),
  );
}

/** A pod that keeps to all policies about pods. */
export const securityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};
export const container = {
  name: "app",
  image: "ghcr.io/example/app:1.4.2",
  securityContext,
  resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
  readinessProbe: { httpGet: { path: "/" } },
  livenessProbe: { httpGet: { path: "/" } },
};
export const podSecurity = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
export const goodSpec = { securityContext: podSecurity, containers: [container] };

export function deployment(spec: Properties | Unknown) {
  return resource("kubernetes:apps/v1:Deployment", "app", { spec: { template: { spec } } });
}

export function withContainer(change: Properties): Properties {
  return { ...goodSpec, containers: [{ ...container, ...change }] };
}
