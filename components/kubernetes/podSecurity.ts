/** Version of the Pod Security Standards that is enforced: `latest` would change under our feet on an upgrade. */
export const podSecurityVersion = "v1.34";

/** Labels of a namespace in which the API server refuses, audits and warns of every pod that is not *restricted*. */
export function restrictedNamespaceLabels(): Record<string, string> {
  const modes = ["enforce", "audit", "warn"];
  return Object.fromEntries(
    modes.flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, "restricted"],
      [`pod-security.kubernetes.io/${mode}-version`, podSecurityVersion],
    ]),
  );
}

/** The user that a pod runs as. */
export interface PodUser {
  /** User id, never 0. */
  uid: number;
  /**
   * Group id; also owns the volumes (fsGroup).
   * @default the user id
   */
  gid?: number;
}

/** The part of Kubernetes' PodSecurityContext that {@link restrictedPodSecurityContext} fills in. */
export interface RestrictedPodSecurityContext {
  /** The kubelet refuses a container that would run as root. */
  runAsNonRoot: true;
  /** User id of every container that names none. */
  runAsUser: number;
  /** Group id of every container that names none. */
  runAsGroup: number;
  /** Group that owns the volumes. */
  fsGroup: number;
  /** Without it a volume of a million files is re-owned file by file at each start. */
  fsGroupChangePolicy: "OnRootMismatch";
  /** The system calls that the container runtime lets pass. */
  seccompProfile: {
    /** The runtime's own profile. */
    type: "RuntimeDefault";
  };
}

/** The part of Kubernetes' SecurityContext that {@link restrictedContainerSecurityContext} fills in. */
export interface RestrictedContainerSecurityContext {
  /** No program gets more rights than the one that started it. */
  allowPrivilegeEscalation: false;
  /** The image's files can't be written: mount an `emptyDir` where the program writes, e.g. at `/tmp`. */
  readOnlyRootFilesystem: true;
  /** The kubelet refuses the container when it would run as root. */
  runAsNonRoot: true;
  /** Linux capabilities. */
  capabilities: {
    /** Those that are taken away: all. */
    drop: string[];
  };
  /** The system calls that the container runtime lets pass. */
  seccompProfile: {
    /** The runtime's own profile. */
    type: "RuntimeDefault";
  };
}

/** A pod's security context that passes Pod Security *restricted*. */
export function restrictedPodSecurityContext(user: PodUser): RestrictedPodSecurityContext {
  const gid = user.gid ?? user.uid;
  return {
    runAsNonRoot: true,
    runAsUser: user.uid,
    runAsGroup: gid,
    fsGroup: gid,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/**
 * The fields of a pod spec that every pod of ours shares: *restricted*, under its own service account, without that
 * account's token, and without the variables that Kubernetes adds for each Service of the namespace.
 */
export function restrictedPod<Name>(options: { serviceAccountName: Name; user: PodUser }) {
  return {
    serviceAccountName: options.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: restrictedPodSecurityContext(options.user),
  };
}

/** A container's security context that passes Pod Security *restricted* and, beyond it, may not write to its image. */
export function restrictedContainerSecurityContext(): RestrictedContainerSecurityContext {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** The fields of a pod spec that {@link restrictedViolations} reads, as plain values. */
export interface PodSecuritySpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type?: string } };
  containers: ContainerSecuritySpec[];
  initContainers?: ContainerSecuritySpec[];
  volumes?: Record<string, unknown>[];
}

/** The fields of a container that {@link restrictedViolations} reads, as plain values. */
export interface ContainerSecuritySpec {
  name: string;
  ports?: { hostPort?: number }[];
  securityContext?: {
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    runAsNonRoot?: boolean;
    runAsUser?: number;
    capabilities?: { add?: string[]; drop?: string[] };
    seccompProfile?: { type?: string };
  };
}

const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/**
 * What of a pod spec the Pod Security Standard *restricted* refuses, as one sentence each; empty when it passes.
 *
 * The API server is the judge; this is the same list, early, with the name of the culprit.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function restrictedViolations(spec: PodSecuritySpec): string[] {
  const violations: string[] = [];
  for (const field of ["hostNetwork", "hostPID", "hostIPC"] as const) {
    if (spec[field] === true) violations.push(`pod: ${field} must not be true`);
  }
  for (const volume of spec.volumes ?? []) {
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "emptyDir";
    if (!allowedVolumes.has(kind))
      violations.push(`volume ${String(volume["name"])}: ${kind} is not allowed`);
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    violations.push(
      ...containerViolations(container, spec).map((text) => `container ${container.name}: ${text}`),
    );
  }
  return violations;
}

function containerViolations(container: ContainerSecuritySpec, pod: PodSecuritySpec): string[] {
  const own = container.securityContext ?? {};
  const violations: string[] = [];
  if (own.privileged === true) violations.push("privileged must not be true");
  if (own.allowPrivilegeEscalation !== false) violations.push("allowPrivilegeEscalation must be false");
  if ((own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot) !== true) {
    violations.push("runAsNonRoot must be true");
  }
  if ((own.runAsUser ?? pod.securityContext?.runAsUser) === 0) violations.push("runAsUser must not be 0");
  if (own.capabilities?.drop?.includes("ALL") !== true) violations.push("capabilities.drop must hold ALL");
  const added = (own.capabilities?.add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE");
  if (added.length > 0) violations.push(`capabilities.add must not hold ${added.join(", ")}`);
  const seccomp = own.seccompProfile?.type ?? pod.securityContext?.seccompProfile?.type;
  if (seccomp !== "RuntimeDefault" && seccomp !== "Localhost") {
    violations.push("seccompProfile.type must be RuntimeDefault or Localhost");
  }
  if (container.ports?.some((port) => (port.hostPort ?? 0) !== 0) === true) {
    violations.push("hostPort must not be set");
  }
  return violations;
}
