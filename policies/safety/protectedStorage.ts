import { listOfTexts, resourcePolicy } from "../core/define";
import { Unknown, get, listOf } from "../core/values";

interface Config {
  types: string[];
}

/**
 * What holds data must not be deleted by a `destroy` or a replacement. Volumes of a StatefulSet's claim templates are no
 * resources of the stack: the set is checked instead, and Kubernetes keeps them unless the set says otherwise.
 */
export const protectedStorage = resourcePolicy<Config>({
  name: "protected-storage",
  description: "Resources that hold data have the option `protect`, and StatefulSets keep their volumes.",
  settings: {
    types: listOfTexts("Type tokens of the resources that need `protect`.", [
      "kubernetes:core/v1:PersistentVolumeClaim",
      "azure-native:storage:StorageAccount",
      "azure-native:storage:BlobContainer",
      "azure-native:containerservice:ManagedCluster",
    ]),
  },
  validate: (resource, { types }) => {
    const spec = get(resource.properties, "spec");
    const isStatefulSet = resource.type === "kubernetes:apps/v1:StatefulSet";
    const hasVolumes = isStatefulSet && listOf(get(spec, "volumeClaimTemplates")).length > 0;
    const problems: string[] = [];
    if ((types.includes(resource.type) || hasVolumes) && !resource.protect) {
      problems.push(
        `«${resource.name}» holds data and is not protected: set the resource option protect: true.`,
      );
    }
    if (!hasVolumes) return problems;
    const policy = get(spec, "persistentVolumeClaimRetentionPolicy");
    const deletes = ["whenDeleted", "whenScaled"].filter((when) => {
      const value = get(policy, when);
      return value === "Delete" || value instanceof Unknown;
    });
    if (deletes.length > 0) {
      problems.push(
        `«${resource.name}» deletes its volumes (persistentVolumeClaimRetentionPolicy.${deletes.join(", ")}): use Retain.`,
      );
    }
    return problems;
  },
});
