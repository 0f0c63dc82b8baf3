import * as pulumi from "@pulumi/pulumi";

/** A resource as the program asked the engine for it. */
export interface RequestedResource {
  type: string;
  name: string;
  /** Type and name of the parent, e.g. `ds-monitoring:index:InfluxDb influxdb`; empty at the top. */
  parent: string;
  protect: boolean;
  ignoreChanges: string[];
  /** URN of the resource that takes it along when it is deleted; empty for none. */
  deletedWith: string;
  /** URNs that it waits for. */
  dependencies: string[];
  /** Plain values; secrets are unwrapped. */
  inputs: Record<string, unknown>;
  /** Paths of the inputs that are secret, e.g. `stringData.password`. */
  secrets: string[];
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getDeletedwith(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}

interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
}

/** Outputs that other resources need, besides a resource's inputs. */
function stateOf(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  const inputs = args.inputs as Record<string, unknown>;
  if (args.type.startsWith("kubernetes:")) {
    const metadata = inputs["metadata"] as Record<string, unknown> | undefined;
    return { ...inputs, metadata: { name: `${args.name}-auto`, ...metadata } };
  }
  if (args.type === "random:index/randomPassword:RandomPassword") {
    return { ...inputs, result: `password-of-${args.name}` };
  }
  if (args.type.endsWith(":UserAssignedIdentity"))
    return { ...inputs, principalId: `${args.name}-principal` };
  // A role that is in force: a new one would be waited for.
  if (args.type.endsWith(":RoleAssignment")) return { ...inputs, createdOn: "2026-01-01T00:00:00Z" };
  if (args.type === "pulumi:pulumi:StackReference") {
    return { ...inputs, ...stackOutputs };
  }
  return inputs;
}

let stackOutputs: Record<string, unknown> = {};

/** What a mocked deployment asked for, and what its program returned. */
export interface Deployment<T> {
  resources: RequestedResource[];
  result: T;
}

/**
 * Runs a program against a mocked engine.
 *
 * @param program creates the resources
 * @param options what stack references find
 */
export async function deploy<T>(
  program: () => T,
  options: { stackOutputs?: Record<string, unknown>; secretStackOutputs?: string[] } = {},
): Promise<Deployment<T>> {
  stackOutputs = {
    outputs: options.stackOutputs ?? {},
    secretOutputNames: options.secretStackOutputs ?? [],
  };
  await pulumi.runtime.setMocks(
    {
      // What exists is read by its id.
      newResource: (args) => ({
        id: args.id === "" ? `${args.name}-id` : (args.id ?? `${args.name}-id`),
        state: stateOf(args),
      }),
      call: ({ token, inputs }) =>
        token.endsWith(":listManagedClusterUserCredentials")
          ? { kubeconfigs: [{ value: Buffer.from("users: []").toString("base64") }] }
          : (inputs as Record<string, unknown>),
    },
    "ds-monitoring",
    "test",
  );
  const resources = record(pulumi.runtime.getMonitor() as unknown as Monitor);
  try {
    const result = program();
    return { resources, result };
  } finally {
    // Also after an error: what was started must not reach the next test's engine.
    await pulumi.runtime.disconnect();
  }
}

function record(monitor: Monitor): RequestedResource[] {
  const resources: RequestedResource[] = [];
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const secrets: string[] = [];
    const inputs = layOpen(request.getObject()?.toJavaScript() ?? {}, "", secrets);
    resources.push({
      type: request.getType(),
      name: request.getName(),
      parent: ownerOf(request.getParent()),
      protect: request.getProtect(),
      ignoreChanges: request.getIgnorechangesList(),
      deletedWith: request.getDeletedwith(),
      dependencies: request.getDependenciesList(),
      inputs: inputs as Record<string, unknown>,
      secrets,
    });
    return register(request, callback);
  };
  return resources;
}

/** `urn:pulumi:stack::project::parentType$type::name` -> `type name`. */
function ownerOf(urn: string): string {
  const [, , types, name] = urn.split("::");
  return types === undefined ? "" : `${types.split("$").at(-1)} ${name}`;
}

function layOpen(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, index) => layOpen(item, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (record[signatureKey] === secretSignature) {
    secrets.push(path);
    return layOpen(record["value"], path, secrets);
  }
  return Object.fromEntries(
    Object.entries(record).map(([key, item]) => [
      key,
      layOpen(item, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

/** The only resource of a type and name. */
export function find(resources: RequestedResource[], type: string, name: string): RequestedResource {
  const found = resources.filter((resource) => resource.type.endsWith(type) && resource.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    const all = resources.map((resource) => `${resource.type} ${resource.name}`).join("\n");
    throw new Error(`expected one ${type} named ${name}, found ${found.length} among\n${all}`);
  }
  return found[0];
}

/** The value of an input. */
export function valueOf<T>(input: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => pulumi.output(input).apply((value) => resolve(value)));
}

/** `kind name < parent`, sorted: what was asked for at a glance. */
export function listed(resources: RequestedResource[]): string[] {
  const kind = (type: string) => type.split(":").at(-1) ?? type;
  return resources.map(({ type, name, parent }) => `${kind(type)} ${name} < ${kind(parent)}`).sort();
}

/** Whether the engine would keep the value encrypted. */
export async function isSecret(value: pulumi.Input<unknown>): Promise<boolean> {
  return (pulumi.Output.isInstance(value) && (await pulumi.isSecret(value))) === true;
}
