import {
  ApiException,
  KubernetesObjectApi,
  type KubeConfig,
  type V1ObjectMeta,
} from "@kubernetes/client-node";
import type { State, StateResource } from "./backend";

/**
 * A state in which the Kubernetes objects that a killed run was creating are resources, as far as they exist.
 *
 * For each creation the plugin makes up a field manager, and the state has its name only when the creation is complete.
 * A second creation of the object would be a second manager, whose server-side apply conflicts with what the first one
 * left, or is merged with it; under a generated name it would be a second object. Nothing is deleted, since the object
 * may hold data. A refresh has to follow: it reads what else the state has of an object, and whether it is ready.
 *
 * @param cluster where the stack is deployed
 * @returns undefined when there is nothing to change
 */
export async function withStartedCreations(state: State, cluster: KubeConfig): Promise<State | undefined> {
  const api = KubernetesObjectApi.makeApiClient(cluster);
  const pending = state.deployment.pending_operations ?? [];
  const started = new Map<(typeof pending)[number], StateResource>();
  for (const operation of pending) {
    const { type, resource } = operation;
    if (type !== "creating" || !resource.type.startsWith("kubernetes:")) continue;
    const inputs = resource.inputs as unknown as ObjectInputs;
    const metadata = await metadataOf(api, inputs);
    const manager = metadata && fieldManager(metadata);
    if (manager === undefined) continue;
    const own = { __inputs: inputs, __initialApiVersion: inputs.apiVersion, __fieldManager: manager };
    const id = [metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join("/");
    started.set(operation, { ...resource, id, outputs: { ...inputs, ...own } });
  }
  if (started.size === 0) return undefined;
  const deployment = {
    ...state.deployment,
    resources: [...started.values()].reduce(withResource, state.deployment.resources ?? []),
    pending_operations: pending.filter((operation) => !started.has(operation)),
  };
  return { ...state, deployment };
}

interface ObjectInputs {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

/** That of the object on the API server; undefined when there is none. */
async function metadataOf(api: KubernetesObjectApi, object: ObjectInputs): Promise<V1ObjectMeta | undefined> {
  try {
    return (await api.read(object)).metadata;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

/** The plugin's last one; undefined when another program has made the object. */
function fieldManager({ managedFields = [] }: V1ObjectMeta): string | undefined {
  return managedFields
    .filter(({ manager }) => manager?.startsWith("pulumi-kubernetes-"))
    .sort((a, b) => Number(a.time) - Number(b.time))
    .at(-1)?.manager;
}

/** With `added`, which may be the second half of a replacement: the old object is then still to be deleted. */
export function withResource(resources: readonly StateResource[], added: StateResource): StateResource[] {
  const isOld = ({ urn, delete: replaced }: StateResource) => urn === added.urn && replaced !== true;
  // Of the same name: the old object is gone. What depends on it has to stay behind it in the list.
  if (resources.some((resource) => isOld(resource) && resource.id === added.id))
    return resources.map((resource) =>
      isOld(resource) && resource.pendingReplacement === true ? added : resource,
    );
  return [
    ...resources.map((resource) => (isOld(resource) ? { ...resource, delete: true } : resource)),
    added,
  ];
}
