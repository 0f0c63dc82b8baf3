import type { State } from "./backend";

/**
 * A state that version 0.1.0 left, made fit for the real Kubernetes plugin.
 *
 * The stand-in of that version kept an object's inputs only where the engine keeps them. The real plugin reads them from
 * its own output `__inputs`; without it every input counts as added, and whatever has an immutable field is replaced,
 * volume claims and StatefulSets among them.
 *
 * @returns undefined when there is nothing to change
 */
export function withPluginInputs(state: State): State | undefined {
  let changed = false;
  const resources = (state.deployment.resources ?? []).map((resource) => {
    const { type, inputs, outputs } = resource;
    // Only an object has outputs with a kind: providers and functions have none.
    if (!type.startsWith("kubernetes:") || outputs?.kind === undefined || "__inputs" in outputs)
      return resource;
    changed = true;
    return {
      ...resource,
      outputs: { ...outputs, __inputs: inputs, __initialApiVersion: inputs?.apiVersion },
    };
  });
  return changed ? { ...state, deployment: { ...state.deployment, resources } } : undefined;
}
