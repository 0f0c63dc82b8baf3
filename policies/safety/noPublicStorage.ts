import { resourcePolicy } from "../core/define";
import type { Resource } from "../core/resource";
import { Unknown, get, shown } from "../core/values";

export const noPublicStorage = resourcePolicy({
  name: "no-public-storage",
  description:
    "Storage accounts refuse anonymous access, plain HTTP and old TLS, and no container is public.",
  validate: (resource) => {
    if (resource.type === "azure-native:storage:StorageAccount") return accountProblems(resource);
    if (resource.type !== "azure-native:storage:BlobContainer") return [];
    const access = get(resource.properties, "publicAccess");
    if (access === undefined || access === "None") return [];
    return [`Container «${resource.name}»: publicAccess is ${shown(access)}: leave it out or set "None".`];
  },
});

function accountProblems({ name, properties }: Resource): string[] {
  const network = get(properties, "publicNetworkAccess");
  const ruleDefault = get(properties, "networkRuleSet", "defaultAction");
  const checks: [boolean, string][] = [
    // Azure's default for accounts made over the API allows anonymous containers, so it must be said.
    [get(properties, "allowBlobPublicAccess") === false, "allowBlobPublicAccess must be false"],
    [
      network === "Disabled" ||
        network === "SecuredByPerimeter" ||
        ruleDefault === "Deny" ||
        // The SDK makes the whole rule set unknown in a preview while a subnet in it is; the update checks it.
        ruleDefault instanceof Unknown,
      'publicNetworkAccess must be "Disabled", or networkRuleSet.defaultAction "Deny"',
    ],
    [(get(properties, "enableHttpsTrafficOnly") ?? true) === true, "enableHttpsTrafficOnly must be true"],
    [
      ["TLS1_2", "TLS1_3"].includes(String(get(properties, "minimumTlsVersion"))),
      'minimumTlsVersion must be "TLS1_2" or "TLS1_3"',
    ],
  ];
  return checks.filter(([passes]) => !passes).map(([, problem]) => `Storage account «${name}»: ${problem}.`);
}
