import { podTemplatePaths } from "../../components/kubernetes/podTemplates";
import type { Resource } from "./resource";
import { Unknown, get, listOf, type Value } from "./values";

/** The spec of the pods that a resource makes; undefined for a resource that makes none. */
export function podSpec({ type, properties }: Resource): Value {
  if (type === "kubernetes:core/v1:Pod") return get(properties, "spec");
  const path = podTemplatePaths[/^kubernetes:(?:apps|batch)\/v1:(\w+)$/.exec(type)?.[1] ?? ""];
  return path && get(properties, "spec", ...path);
}

/** Whether the pods of a resource run until they are stopped, and so need probes. */
export function isLongRunning({ type }: Resource): boolean {
  return type.startsWith("kubernetes:apps/");
}

/**
 * What `check` finds in the pods of a resource, nothing for a resource without pods. When the containers are not known
 * before the resource exists, nothing about them can be checked, which is a violation too.
 */
export function checkPods(resource: Resource, check: (spec: Value) => string[]): string[] {
  const spec = podSpec(resource);
  if (spec === undefined) return [];
  const unknown = [spec, get(spec, "containers"), get(spec, "initContainers")].find(
    (value) => value instanceof Unknown,
  );
  if (!(unknown instanceof Unknown)) return check(spec);
  return [
    `${unknown.path} is unknown at preview, so the containers can't be checked: give it a value that does not depend on another resource.`,
  ];
}

/** {@link checkPods} for each container. */
export function checkContainers(resource: Resource, check: (container: Container) => string[]): string[] {
  return checkPods(resource, (spec) => containersOf(spec).flatMap(check));
}

/** A container of a pod, with its name for messages. */
export interface Container {
  name: string;
  value: Value;
  /** `sidecar`: an init container with restartPolicy Always, which runs beside the app. */
  role: "main" | "init" | "sidecar";
}

/** All containers of a pod. */
export function containersOf(spec: Value): Container[] {
  const main = listOf(get(spec, "containers")).map((value) => container(value, "main"));
  const init = listOf(get(spec, "initContainers")).map((value) =>
    container(value, get(value, "restartPolicy") === "Always" ? "sidecar" : "init"),
  );
  return [...main, ...init];
}

function container(value: Value, role: Container["role"]): Container {
  const name = get(value, "name");
  return { name: typeof name === "string" ? name : "(unnamed)", value, role };
}
