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
