import { podSpec } from "./pods";
import type { Resource } from "./resource";
import { Unknown, get, listOf, type Value } from "./values";

/** The specs of the volume claims that a resource makes, for itself or for each of its pods; markers where unknown. */
export function volumeClaims(resource: Resource): Value[] {
  const { type, properties } = resource;
  if (type === "kubernetes:core/v1:PersistentVolumeClaim") return [get(properties, "spec")];
  const pods = podSpec(resource);
  const ephemeral = itemsOf(get(pods, "volumes"))
    .map((volume) => get(volume, "ephemeral"))
    .filter((source) => source !== undefined && source !== null)
    .map((source) => get(source, "volumeClaimTemplate", "spec"));
  if (type !== "kubernetes:apps/v1:StatefulSet") return ephemeral;
  const templates = itemsOf(get(properties, "spec", "volumeClaimTemplates"));
  return [...templates.map((template) => get(template, "spec")), ...ephemeral];
}

/** The items of a list, or the marker in their place. */
function itemsOf(value: Value): Value[] {
  return value instanceof Unknown ? [value] : listOf(value);
}
