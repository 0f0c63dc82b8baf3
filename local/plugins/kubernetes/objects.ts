/** Kubernetes objects as the API server writes them (source: kubernetes.io/docs/reference/kubernetes-api). */

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  generation?: number;
  finalizers?: string[];
  managedFields?: { manager?: string; operation?: string }[];
}

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [member: string]: unknown;
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: {
    waiting?: { reason?: string; message?: string };
    terminated?: { exitCode: number; reason?: string; message?: string };
    running?: object;
  };
  lastState?: { terminated?: { exitCode: number; reason?: string; message?: string } };
}

export interface Pod extends KubernetesObject {
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface Event extends KubernetesObject {
  type?: string;
  reason?: string;
  message?: string;
}

/** Which object, without its content. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

export function refOf({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef {
  return { apiVersion, kind, name: metadata.name ?? "", namespace: metadata.namespace };
}

/** `Deployment monitoring/grafana`, for messages. */
export function describe({ kind, name, namespace }: ObjectRef): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** A resource's id in the state: `namespace/name`, or `name` outside namespaces. */
export function idOf({ name, namespace }: ObjectRef): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function conditionsOf(object: KubernetesObject): Condition[] {
  return (object.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
}

const builtInGroups = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
]);

const clusterScoped = new Set([
  "APIService",
  "CSIDriver",
  "CSINode",
  "CertificateSigningRequest",
  "ClusterRole",
  "ClusterRoleBinding",
  "ClusterTrustBundle",
  "CustomResourceDefinition",
  "FlowSchema",
  "IPAddress",
  "IngressClass",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "RuntimeClass",
  "ServiceCIDR",
  "StorageClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

/** Where the API server keeps the objects of a kind. */
export interface ResourceKind {
  /** The name in paths, for example `networkpolicies`. */
  plural: string;
  namespaced: boolean;
}

/** The resource of a kind that ships with Kubernetes; `undefined` for a custom one. */
export function builtInKind(apiVersion: string, kind: string): ResourceKind | undefined {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] as string) : "";
  if (!builtInGroups.has(group)) return undefined;
  return { plural: pluralOf(kind.toLowerCase()), namespaced: !clusterScoped.has(kind) };
}

function pluralOf(kind: string): string {
  if (kind === "endpoints") return kind;
  if (kind.endsWith("s")) return `${kind}es`;
  if (kind.endsWith("y")) return `${kind.slice(0, -1)}ies`;
  return `${kind}s`;
}
