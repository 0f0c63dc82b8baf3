import type { Resource } from "../core/resource";
import { Unknown, type Properties, type Value } from "../core/values";

/** A resource in an engine's event. */
export interface PlannedState {
  inputs?: Record<string, unknown>;
  parent?: string;
  protect?: boolean;
}

/** A step of an engine's run, with what is needed of it here. */
export interface PlannedStep {
  op: string;
  urn: string;
  type: string;
  name: string;
  diffs: string[];
  before?: PlannedState;
  after?: PlannedState;
}

/** What the engine writes in place of a value that it does not know, by the type of the value. */
const unknownSentinels = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/**
 * The resources before and after a planned update, each once, in the order of their URNs; pure.
 *
 * A replacement is several steps of one resource.
 */
export function plannedResources(steps: readonly PlannedStep[]): { before: Resource[]; after: Resource[] } {
  const before = new Map<string, Resource>();
  const after = new Map<string, Resource>();
  for (const step of steps) {
    if (step.before !== undefined) before.set(step.urn, resourceOf(step, step.before));
    if (step.after !== undefined && !step.op.startsWith("delete")) {
      after.set(step.urn, resourceOf(step, step.after));
    }
  }
  return { before: sorted(before), after: sorted(after) };
}

function sorted(resources: ReadonlyMap<string, Resource>): Resource[] {
  return [...resources.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

function resourceOf({ type, name, urn }: PlannedStep, state: PlannedState): Resource {
  const properties = markUnknowns(state.inputs ?? {}, []) as Properties;
  return { type, name, urn, properties, protect: state.protect ?? false, parent: state.parent };
}

function markUnknowns(value: unknown, path: readonly string[]): Value {
  if (typeof value === "string" && unknownSentinels.has(value)) return new Unknown(path.join("."));
  if (Array.isArray(value)) return value.map((item, index) => markUnknowns(item, [...path, String(index)]));
  if (typeof value !== "object" || value === null) return value as Value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, markUnknowns(item, [...path, key])]),
  );
}
