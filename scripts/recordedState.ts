import { join } from "node:path";
import { repositoryRoot } from "../local/paths";
import { UserError } from "../local/userError";
import type { State, StateResource } from "../local/engine/backend";

/** Folder of the states of released versions, `VERSION.STACK.json`. */
export const recordedStates = join(repositoryRoot, "test", "engine", "recorded");

/**
 * Encrypts the secrets of recorded states. It may be known: they are passwords of a cluster that lived for the
 * minute of the recording.
 */
export const recordedPassphrase = "recorded-states-are-of-no-living-cluster";

const leftOut = "left out of the recorded state";

/**
 * A state without what belongs to the machine and the cluster that it was recorded on: kubeconfigs, unique ids,
 * times, statuses, positions in sources. The contents of ConfigMaps are left out too, being most of the text and
 * nobody's data; so a preview always sees them replaced, and the pods that read them changed, as an upgrade does.
 *
 * @param state with secrets in the clear
 */
export function withoutMachine(state: State): State {
  const resources = state.deployment.resources ?? [];
  const ids = resources.flatMap((resource) => [
    ...(resource.type.startsWith("pulumi:providers:") && resource.id !== undefined ? [resource.id] : []),
    ...(isMapping(resource.outputs?.metadata) ? [String(resource.outputs.metadata.uid)] : []),
  ]);
  const cleaned = { ...state, deployment: { ...state.deployment, resources: resources.map(cleanResource) } };
  let text = JSON.stringify(cleaned, (key, value: unknown) =>
    key === "kubeconfig" ? withoutKubeconfig(value) : value,
  );
  [...new Set(ids)].forEach((id, index) => {
    text = text.replaceAll(id, `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`);
  });
  return JSON.parse(text) as State;
}

/**
 * Refuses a state that still tells of where it was recorded.
 *
 * @param traces texts that must not be in it, for example folders
 * @throws UserError that names the first one found
 */
export function refuseTraces(state: State, traces: readonly string[]): void {
  const text = JSON.stringify(state);
  const found = traces.find((trace) => text.includes(JSON.stringify(trace).slice(1, -1)));
  if (found !== undefined) {
    throw new UserError(`the recorded state holds ${found}: have withoutMachine leave it out`);
  }
}

function withoutKubeconfig(value: unknown): unknown {
  if (typeof value === "string") return leftOut;
  // A secret's text is JSON. An input's dependencies have the same key, and are a list.
  return isMapping(value) && "plaintext" in value ? { ...value, plaintext: JSON.stringify(leftOut) } : value;
}

function cleanResource(resource: StateResource): StateResource {
  const { inputs, outputs } = resource;
  const kept = without(resource, "created", "modified", "sourcePosition", "stackTrace");
  return {
    ...(kept as StateResource),
    ...(inputs && { inputs: cleanObject(resource.type, inputs) }),
    ...(outputs && { outputs: cleanObject(resource.type, outputs) }),
  };
}

function cleanObject(type: string, object: Record<string, unknown>): Record<string, unknown> {
  if (!type.startsWith("kubernetes:")) return object;
  const { metadata, data } = object;
  return {
    ...without(object, "status"),
    ...(isMapping(metadata) && {
      metadata: without(metadata, "resourceVersion", "creationTimestamp", "generation"),
    }),
    ...(type === "kubernetes:core/v1:ConfigMap" &&
      isMapping(data) && { data: Object.fromEntries(Object.keys(data).map((key) => [key, leftOut])) }),
  };
}

function without(object: object, ...members: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !members.includes(key)));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
