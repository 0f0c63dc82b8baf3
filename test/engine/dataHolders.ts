import type { PlannedStep } from "../../policies/report/planned";

/**
 * What may not go in an upgrade, by type, and what is lost with it. Secrets are not here: their contents follow from
 * passwords, which are, and a new text comes in a new Secret by design.
 */
const dataHolders: Readonly<Record<string, string>> = {
  "kubernetes:core/v1:Namespace": "all that is in it goes with it, volumes too",
  "kubernetes:core/v1:PersistentVolumeClaim": "its volume goes with it",
  "kubernetes:core/v1:PersistentVolume": "its files go with it",
  "kubernetes:apps/v1:StatefulSet":
    "its name and claim templates name the volumes: another one starts with empty ones",
  "random:index/randomPassword:RandomPassword":
    "InfluxDB took the first value when it was set up, and senders share it: a new one locks them out",
  "azure-native:resources:ResourceGroup": "all that is in it goes with it, disks too",
  "azure-native:containerservice:ManagedCluster": "all that runs in it goes with it, and its disks",
  "azure-native:containerservice:AgentPool": "all pods of it stop at once",
  "azure-native:managedidentity:UserAssignedIdentity": "the cluster, which is made with it, is replaced",
  "azure-native:network:VirtualNetwork": "the cluster, which is made in it, is replaced",
  "azure-native:network:Subnet": "the pools, which are made in it, are replaced",
};

/** These leave what exists as it is. A `create` is of something new; what it replaces shows as `delete`. */
const harmless = ["same", "update", "read", "refresh", "create", "import"];

/** Whether a resource of this type holds data, or takes some along when it goes. */
export function holdsData(type: string): boolean {
  return type in dataHolders;
}

/** For each resource that holds data and would be deleted or replaced: which, why that matters, and the fix. */
export function dataLosses(steps: readonly PlannedStep[]): string[] {
  const created = steps.filter(({ op }) => op === "create");
  const harmful = new Map(
    steps
      .filter(({ op, type }) => holdsData(type) && !harmless.includes(op))
      // A replacement has several steps; the one named `replace` has what changed.
      .sort((a, b) => Number(a.op === "replace") - Number(b.op === "replace"))
      .map((step) => [step.urn, step]),
  );
  return [...harmful.values()].map((step) => {
    const { op, urn, type, name, diffs } = step;
    const kind = type.split(":").at(-1);
    if (op !== "delete") {
      const fix =
        "keep that value for what is there (ignoreChanges), or write the move of the data down as a major version";
      return `${kind} ${name} would be replaced, because ${diffs.join(", ")} changed: ${dataHolders[type]}; ${fix} (${urn})`;
    }
    const heirs = created.filter((other) => other.type === type).map((other) => other.name);
    const renamed =
      heirs.length > 0 ? `if it is ${heirs.join(" or ")} now, ` : "if it was renamed or moved, ";
    return `${kind} ${name} would be deleted: ${dataHolders[type]}; ${renamed}give that one the option aliases: ["${urn}"]`;
  });
}
