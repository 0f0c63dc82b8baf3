import { resourcePolicy } from "../core/define";
import { checkPods, containersOf, type Container } from "../core/pods";
import { Unknown, entriesOf, get, listOf, type Value } from "../core/values";

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
 * The Pod Security Standard *restricted* (https://kubernetes.io/docs/concepts/security/pod-security-standards/), here
 * already at preview, where the API server's own admission would refuse only the pods of an update.
 */
export const restrictedPods = resourcePolicy({
  name: "restricted-pods",
  description: "Pods keep to the Kubernetes Pod Security Standard «restricted».",
  validate: (resource) => checkPods(resource, restrictedProblems),
});

/** What of a pod's spec *restricted* does not allow; empty when it passes. */
export function restrictedProblems(spec: Value): string[] {
  return [
    ...podProblems(spec),
    ...containersOf(spec).flatMap((container) => containerProblems(container, spec)),
  ];
}

function podProblems(spec: Value): string[] {
  const hostNamespaces = ["hostNetwork", "hostPID", "hostIPC"]
    .filter((key) => isSet(get(spec, key)))
    .map((key) => `${key} is set: remove it, a pod must not share the node's namespaces.`);
  const volumes = listOf(get(spec, "volumes")).flatMap((volume) =>
    entriesOf(volume)
      .filter(([key, value]) => key !== "name" && value !== undefined && !allowedVolumes.has(key))
      .map(
        ([key]) =>
          `Volume «${String(get(volume, "name"))}» is of type ${key}: use one of ${[...allowedVolumes].join(", ")}.`,
      ),
  );
  return [...hostNamespaces, ...volumes];
}

function containerProblems({ name, value }: Container, spec: Value): string[] {
  const own = get(value, "securityContext");
  const pod = get(spec, "securityContext");
  const either = (...path: string[]): Value => get(own, ...path) ?? get(pod, ...path);
  const added = listOf(get(own, "capabilities", "add")).filter((item) => item !== "NET_BIND_SERVICE");
  const seccomp = either("seccompProfile", "type");
  const checks: [boolean, string][] = [
    [either("runAsNonRoot") === true, "securityContext.runAsNonRoot must be true"],
    [either("runAsUser") !== 0, "securityContext.runAsUser must not be 0"],
    [
      get(own, "allowPrivilegeEscalation") === false,
      "securityContext.allowPrivilegeEscalation must be false",
    ],
    [!isSet(get(own, "privileged")), "securityContext.privileged must not be set"],
    [
      listOf(get(own, "capabilities", "drop")).includes("ALL"),
      'securityContext.capabilities.drop must hold "ALL"',
    ],
    [added.length === 0, "securityContext.capabilities.add may hold NET_BIND_SERVICE only"],
    [
      seccomp === "RuntimeDefault" || seccomp === "Localhost",
      "securityContext.seccompProfile.type must be RuntimeDefault or Localhost",
    ],
    [
      listOf(get(value, "ports")).every((port) => !isHostPort(get(port, "hostPort"))),
      "ports must not have a hostPort",
    ],
  ];
  return checks.filter(([passes]) => !passes).map(([, problem]) => `Container «${name}»: ${problem}.`);
}

/** Whether a switch is on, or may be on. */
function isSet(value: Value): boolean {
  return value === true || value instanceof Unknown;
}

function isHostPort(value: Value): boolean {
  return value !== undefined && value !== null && value !== 0;
}
