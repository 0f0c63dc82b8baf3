import type { PropertyChange, PropertyPath } from "../propertyDiff";
import { ApiError } from "./cluster";

/** Whether ConfigMaps and Secrets are changed in place, as the provider's settings of these names say. */
export interface Mutability {
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
}

type Rule = (path: PropertyPath) => boolean;

/** True for each of these properties and for all that they hold. */
function under(...properties: string[]): Rule {
  return (path) =>
    properties.some((property) => property.split(".").every((key, index) => path[index] === key));
}

function underExcept(property: string, changeable: string[]): Rule {
  const within = under(property);
  return (path) => within(path) && !changeable.includes(String(path[property.split(".").length]));
}

/** Fields that the API server never lets change, by kind (source: the `Validate…Update` functions of Kubernetes). */
const immutable: Record<string, Rule> = {
  ClusterRoleBinding: under("roleRef"),
  CSIDriver: underExcept("spec", [
    "requiresRepublish",
    "tokenRequests",
    "storageCapacity",
    "seLinuxMount",
    "podInfoOnMount",
  ]),
  DaemonSet: under("spec.selector"),
  Deployment: under("spec.selector"),
  IngressClass: under("spec.controller"),
  Job: under(
    "spec.selector",
    "spec.template",
    "spec.completionMode",
    "spec.manualSelector",
    "spec.podFailurePolicy",
  ),
  PersistentVolumeClaim: underExcept("spec", ["resources", "volumeAttributesClassName", "volumeName"]),
  PriorityClass: under("value", "preemptionPolicy", "globalDefault"),
  ReplicaSet: under("spec.selector"),
  RoleBinding: under("roleRef"),
  RuntimeClass: under("handler"),
  Service: under("spec.clusterIP"),
  StatefulSet: underExcept("spec", [
    "minReadySeconds",
    "ordinals",
    "persistentVolumeClaimRetentionPolicy",
    "replicas",
    "revisionHistoryLimit",
    "template",
    "updateStrategy",
  ]),
  StorageClass: under("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
};

/** A pod's only changeable fields are the images, the deadline and further tolerations. */
function podField(path: PropertyPath): boolean {
  if (path[0] !== "spec") return false;
  if (path[1] === "activeDeadlineSeconds" || path[1] === "tolerations") return false;
  return !(path[1] === "containers" || path[1] === "initContainers") || path[3] !== "image";
}

/** The changes that need a new object, from what is known of Kubernetes without asking a cluster. */
export function knownReplacements(
  kind: string,
  changes: readonly PropertyChange[],
  { enableConfigMapMutable, enableSecretMutable }: Mutability,
): PropertyPath[] {
  const rules: Rule[] = [under("kind", "metadata.name", "metadata.namespace", "metadata.generateName")];
  const rule = immutable[kind];
  if (rule) rules.push(rule);
  if (kind === "Pod") rules.push(podField);
  if (kind === "ConfigMap" && !enableConfigMapMutable) rules.push(under("data", "binaryData", "immutable"));
  if (kind === "Secret") rules.push(under("type"));
  if (kind === "Secret" && !enableSecretMutable) rules.push(under("data", "stringData", "immutable"));
  return changes.map(({ path }) => path).filter((path) => rules.some((holds) => holds(path)));
}

const immutableMessage =
  /immutable|may not be changed|cannot be changed|cannot change|may not change once set|updates to .* (are )?forbidden/i;

/**
 * The changes that need a new object, from the API server's refusal of an update.
 * Empty when it refused for another reason.
 */
export function refusedReplacements(error: ApiError, changes: readonly PropertyChange[]): PropertyPath[] {
  if (error.status !== 422) return [];
  const fields = error.causes
    .filter(({ message = "" }) => immutableMessage.test(message))
    .map(({ field = "" }) => field);
  if (fields.length === 0) return [];
  const named = changes
    .map(({ path }) => path)
    .filter((path) => fields.some((field) => isWithin(path, field)));
  // The field may be one that the server derives from what was changed.
  return named.length > 0 ? named : changes.map(({ path }) => path);
}

function isWithin(path: PropertyPath, field: string): boolean {
  const keys = field.split(/[.[\]"']+/).filter((key) => key !== "");
  return keys.every((key, index) => path[index] === undefined || String(path[index]) === key);
}

/** Asks the API server, by a dry run, which of the changes it would refuse to make in place. */
export async function askForReplacements(
  dryRun: () => Promise<unknown>,
  changes: readonly PropertyChange[],
): Promise<PropertyPath[]> {
  try {
    await dryRun();
    return [];
  } catch (error) {
    // Any other trouble belongs to the update itself, which meets it again and reports it.
    return error instanceof ApiError ? refusedReplacements(error, changes) : [];
  }
}
