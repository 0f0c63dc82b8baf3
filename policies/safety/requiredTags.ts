import { listOfTexts, resourcePolicy } from "../core/define";
import { Unknown, get } from "../core/values";

interface Config {
  tags: string[];
  types: string[];
}

/** Azure bills by tag: a resource without them is a cost without an owner. */
export const requiredTags = resourcePolicy<Config>({
  name: "required-tags",
  description: "Azure resources that take tags have the required ones, none empty.",
  settings: {
    tags: listOfTexts("Names of the tags.", ["project", "environment", "owner", "cost-center"]),
    types: listOfTexts("Type tokens of the resources that must have them.", [
      "azure-native:containerservice:AgentPool",
      "azure-native:containerservice:ManagedCluster",
      "azure-native:managedidentity:UserAssignedIdentity",
      "azure-native:network:NatGateway",
      "azure-native:network:PublicIPAddress",
      "azure-native:network:VirtualNetwork",
      "azure-native:resources:ResourceGroup",
      "azure-native:storage:StorageAccount",
    ]),
  },
  validate: (resource, config) => {
    if (!config.types.includes(resource.type)) return [];
    const tags = get(resource.properties, "tags");
    const missing = config.tags.filter((tag) => {
      const value = get(tags, tag);
      // A tag whose value is still unknown is there.
      return !(value instanceof Unknown) && (typeof value !== "string" || value.trim() === "");
    });
    if (missing.length === 0) return [];
    return [
      `«${resource.name}» lacks the tags ${missing.join(", ")}: set them in cluster.tags of the stack's config.`,
    ];
  },
});
