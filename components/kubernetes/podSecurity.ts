import type { input as inputs } from "@pulumi/kubernetes/types";

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

/** A pod's security context that passes Pod Security *restricted*. */
export function restrictedPodSecurityContext(user: PodUser): inputs.core.v1.PodSecurityContext {
  const gid = user.gid ?? user.uid;
  return {
    runAsNonRoot: true,
    runAsUser: user.uid,
    runAsGroup: gid,
    fsGroup: gid,
    // Without it a volume of a million files is re-owned file by file at each start.
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
export function restrictedContainerSecurityContext(): inputs.core.v1.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
}
