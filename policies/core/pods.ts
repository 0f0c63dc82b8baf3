import type { Resource } from "./resource";
import { Unknown, get, listOf, type Value } from "./values";

/** The pods that a Kubernetes resource makes. */
export interface PodTemplate {
  /** The pod's `spec`. */
  spec: Value;
  /** Whether the pods run until they are stopped, and so need probes. */
  longRunning: boolean;
}

const paths: Readonly<Record<string, { path: readonly string[]; longRunning: boolean }>> = {
  "kubernetes:core/v1:Pod": { path: ["spec"], longRunning: false },
  "kubernetes:apps/v1:Deployment": { path: ["spec", "template", "spec"], longRunning: true },
  "kubernetes:apps/v1:StatefulSet": { path: ["spec", "template", "spec"], longRunning: true },
  "kubernetes:apps/v1:DaemonSet": { path: ["spec", "template", "spec"], longRunning: true },
  "kubernetes:apps/v1:ReplicaSet": { path: ["spec", "template", "spec"], longRunning: true },
  "kubernetes:batch/v1:Job": { path: ["spec", "template", "spec"], longRunning: false },
  "kubernetes:batch/v1:CronJob": {
    path: ["spec", "jobTemplate", "spec", "template", "spec"],
    longRunning: false,
  },
};

/** The pod template of a resource that makes pods; undefined for any other. */
export function podTemplate(resource: Resource): PodTemplate | undefined {
  const entry = paths[resource.type];
  if (entry === undefined) return undefined;
  return { spec: get(resource.properties, ...entry.path), longRunning: entry.longRunning };
}

/**
 * The message when the containers of a pod are not known before the resource exists, so that nothing about them can be
 * checked; undefined when they are known.
 */
export function unknownContainers(spec: Value): string | undefined {
  for (const value of [spec, get(spec, "containers"), get(spec, "initContainers")]) {
    if (value instanceof Unknown) {
      return `${value.path} is unknown at preview, so the containers can't be checked: give it a value that does not depend on another resource.`;
    }
  }
  return undefined;
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
