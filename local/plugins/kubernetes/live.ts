import { isObject, secret, unknown, type Properties } from "../values";
import { autonamed } from "./naming";
import type { KubernetesObject, ObjectMeta } from "./objects";

/** The output that remembers a resource's field manager, under the name that the real plugin uses. */
const fieldManagerKey = "__fieldManager";

const secretMembers = ["data", "stringData"];

function without(object: object, ...members: string[]): Properties {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !members.includes(key)));
}

/** Marks the content of a `Secret` as secret, wherever it came from. */
export function withSecrets(object: Properties): Properties {
  if (object.kind !== "Secret") return object;
  const marked = secretMembers.filter((member) => object[member] !== undefined);
  return { ...object, ...Object.fromEntries(marked.map((member) => [member, secret(object[member])])) };
}

/** A resource's outputs: the object as the API server has it, without the bookkeeping of its fields. */
export function outputsOf(live: KubernetesObject, fieldManager: string): Properties {
  return withSecrets({
    ...live,
    metadata: without(live.metadata, "managedFields"),
    [fieldManagerKey]: fieldManager,
  });
}

export function savedFieldManager(state: Properties): string | undefined {
  return state[fieldManagerKey] as string | undefined;
}

/** What of a dry run's answer will hold in the real run too; the rest is unknown until then. */
export function previewOf(dryRun: KubernetesObject, existing: boolean, fieldManager: string): Properties {
  const foreseen = without(outputsOf(dryRun, fieldManager), "status");
  if (existing)
    return { ...foreseen, metadata: { ...(foreseen.metadata as ObjectMeta), resourceVersion: unknown } };
  const spec = dryRun.kind === "Service" ? { spec: withoutAddresses(dryRun.spec as Properties) } : {};
  return { ...foreseen, ...spec, metadata: unknownIdentity(foreseen.metadata as ObjectMeta) };
}

/** A dry run picks a service's addresses and ports at random. */
function withoutAddresses(spec: Properties): Properties {
  const { ports, ...rest } = spec as { ports?: Properties[] };
  const headless = spec.clusterIP === "None";
  return {
    ...rest,
    ...(ports && {
      ports: ports.map(({ nodePort, ...port }) => (nodePort ? { ...port, nodePort: unknown } : port)),
    }),
    ...(headless ? {} : { clusterIP: unknown, clusterIPs: unknown }),
  };
}

function unknownIdentity(metadata: ObjectMeta): Properties {
  return { ...metadata, uid: unknown, resourceVersion: unknown, creationTimestamp: unknown };
}

/** What is known of an object that no API server could be asked about: its inputs. */
export function previewWithoutServer(inputs: KubernetesObject, state: Properties | undefined): Properties {
  const metadata = isObject(inputs.metadata) ? inputs.metadata : {};
  if (isObject(state?.metadata))
    return withSecrets({ ...inputs, metadata: { ...state.metadata, ...metadata } });
  const spec =
    inputs.kind === "Service" && isObject(inputs.spec) ? { spec: withoutAddresses(inputs.spec) } : {};
  return withSecrets({ ...inputs, ...spec, metadata: unknownIdentity(metadata) });
}

/** The object to apply. `stringData` is folded into `data`, since only that can lose keys again. */
export function toApply(inputs: KubernetesObject): KubernetesObject {
  if (inputs.kind !== "Secret" || !isObject(inputs.stringData)) return inputs;
  const { stringData, ...rest } = inputs;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return { ...rest, data: { ...(rest.data as Properties | undefined), ...Object.fromEntries(encoded) } };
}

const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a Kubernetes quantity (`100m`, `1Gi`, `0.5`) stands for. */
function quantity(value: unknown): number | undefined {
  const match = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([numkMGTPE]i?|)$/.exec(String(value));
  const factor = suffixes[match?.[2] ?? ""];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value)
    ? Object.keys(value).length === 0
    : [0, "", false].includes(value as string | number | boolean);
}

function sameValue(input: unknown, live: unknown): boolean {
  if (input === live) return true;
  const [wanted, found] = [quantity(input), quantity(live)];
  return wanted !== undefined && found !== undefined && Math.abs(wanted - found) <= Math.abs(wanted) * 1e-9;
}

/**
 * The inputs as the live object has them: the same members, with the values that others changed.
 * What the server only writes differently (`0.1` as `100m`, an empty list as none) stays as it was.
 */
export function projectLive(input: unknown, live: unknown): unknown {
  if (isObject(input) && isObject(live)) {
    const members = Object.entries(input)
      .filter(([key, value]) => live[key] !== undefined || isEmpty(value))
      .map(([key, value]) => [key, live[key] === undefined ? value : projectLive(value, live[key])]);
    return Object.fromEntries(members);
  }
  if (Array.isArray(input) && Array.isArray(live) && input.length === live.length) {
    return input.map((item, index) => projectLive(item, live[index]));
  }
  return sameValue(input, live) ? input : live;
}

const serverAnnotations = [
  "deployment.kubernetes.io/revision",
  "kubectl.kubernetes.io/last-applied-configuration",
];

/** Inputs for an object that was not made by Pulumi: all of it but what servers write. */
function importedInputs(live: KubernetesObject): Properties {
  const { name, namespace, labels, annotations = {}, finalizers } = live.metadata;
  const own = Object.entries(annotations).filter(([key]) => !serverAnnotations.includes(key));
  const metadata = {
    name,
    ...(namespace && { namespace }),
    ...(labels && { labels }),
    ...(own.length > 0 && { annotations: Object.fromEntries(own) }),
    ...(finalizers && { finalizers }),
  };
  return { ...without(live, "status"), metadata };
}

/** The inputs of a live object: those known before, brought up to date, or all of them on an import. */
export function inputsOf(live: KubernetesObject, oldInputs: Properties): Properties {
  if (Object.keys(oldInputs).length === 0) return withSecrets(importedInputs(live));
  const { stringData, ...comparable } = oldInputs;
  const inputs = projectLive(comparable, live) as Properties;
  if (!isObject(stringData)) return withSecrets(inputs);
  const data = (live.data ?? {}) as Record<string, string>;
  const decoded = Object.keys(stringData)
    .filter((key) => data[key] !== undefined)
    .map((key) => [key, Buffer.from(data[key] as string, "base64").toString("utf8")]);
  return withSecrets({ ...inputs, stringData: Object.fromEntries(decoded) });
}

export function isAutonamed(inputs: Properties): boolean {
  const { annotations } = (isObject(inputs.metadata) ? inputs.metadata : {}) as ObjectMeta;
  return annotations?.[autonamed] === "true";
}
