import type { RequestedResource } from "./deploy";

/** A container as far as tests look at it. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  restartPolicy?: string;
  ports?: { containerPort: number; hostPort?: number }[];
  env?: { name: string; value?: string; valueFrom?: Record<string, unknown> }[];
  envFrom?: Record<string, unknown>[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: { readOnlyRootFilesystem?: boolean; runAsUser?: number };
  lifecycle?: unknown;
  startupProbe?: unknown;
  readinessProbe?: unknown;
  livenessProbe?: unknown;
}

/** A pod spec as far as tests look at it. */
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: (Record<string, unknown> & { name: string })[];
  securityContext?: { runAsUser?: number; fsGroup?: number };
  restartPolicy?: string;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  tolerations?: unknown[];
  affinity?: unknown;
  nodeSelector?: unknown;
  topologySpreadConstraints?: { topologyKey: string; whenUnsatisfiable: string }[];
}

/** A workload and the pods that it makes. */
export interface Workload {
  /** Kind and logical name. */
  title: string;
  kind: string;
  namespace: string;
  labels: Record<string, string>;
  pod: PodSpec;
}

interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
  spec: PodSpec;
}

const templates: Record<string, (spec: Record<string, unknown>) => PodTemplate> = {
  Deployment: (spec) => spec["template"] as PodTemplate,
  StatefulSet: (spec) => spec["template"] as PodTemplate,
  DaemonSet: (spec) => spec["template"] as PodTemplate,
  Job: (spec) => spec["template"] as PodTemplate,
  CronJob: (spec) => (spec["jobTemplate"] as { spec: { template: PodTemplate } }).spec.template,
};

/** Every workload that was asked for, with its pod spec. */
export function workloadsOf(resources: RequestedResource[]): Workload[] {
  return resources.flatMap(({ type, name, inputs }) => {
    const kind = type.split(":").at(-1) ?? "";
    const template = templates[kind]?.(inputs["spec"] as Record<string, unknown>);
    if (template === undefined || !type.startsWith("kubernetes:")) return [];
    return [
      {
        title: `${kind} ${name}`,
        kind,
        namespace: (inputs["metadata"] as { namespace: string }).namespace,
        labels: template.metadata?.labels ?? {},
        pod: template.spec,
      },
    ];
  });
}

/** The pod spec of the only workload of a kind and logical name. */
export function podOf(resources: RequestedResource[], title: string): PodSpec {
  const all = workloadsOf(resources);
  const found = all.find((workload) => workload.title === title);
  if (found === undefined) {
    throw new Error(`no ${title} among ${all.map((workload) => workload.title).join(", ")}`);
  }
  return found.pod;
}

/** All containers of a pod, the init containers first. */
export function containersOf(pod: PodSpec): PodSpec["containers"] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

/** The value of a container's variable, or the description of where it comes from. */
export function variableOf(container: Container | undefined, name: string): unknown {
  const found = container?.env?.find((variable) => variable.name === name);
  return found?.value ?? found?.valueFrom;
}

/** Files of all ConfigMaps that a pod mounts, by their names. */
export function mountedFiles(resources: readonly RequestedResource[], pod: PodSpec): Record<string, string> {
  const volumes = pod.volumes as { configMap?: { name: string } }[] | undefined;
  const mounted = (volumes ?? []).map(({ configMap }) => configMap?.name);
  // The mocked engine names an object after its resource.
  const configMaps = resources.filter(
    ({ type, name }) => type.endsWith(":ConfigMap") && mounted.includes(`${name}-auto`),
  );
  return Object.assign({}, ...configMaps.map(({ inputs }) => inputs["data"])) as Record<string, string>;
}
