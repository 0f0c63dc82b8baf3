import { readFileSync } from "node:fs";
import { derived, type EchoPackage } from "./echo";
import type { Properties, ResourceName } from "./properties";

/** Names a kubeconfig file that is used for every AKS cluster, so that a test can deploy to one of its own. */
const echoKubeconfig = "DS_MONITORING_ECHO_KUBECONFIG";

const nowhere = "00000000-0000-0000-0000-000000000000";

function guid(seed: string): string {
  return derived(seed, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function kubeconfig(): string {
  const file = process.env[echoKubeconfig];
  if (file) return readFileSync(file, "utf8");
  // The domain `invalid` never resolves (RFC 2606).
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "echo",
    clusters: [{ name: "echo", cluster: { server: "https://aks.echo.invalid" } }],
    contexts: [{ name: "echo", context: { cluster: "echo", user: "echo" } }],
    users: [{ name: "echo", user: {} }],
  });
}

function credentials(): Properties {
  return { kubeconfigs: [{ name: "clusterUser", value: Buffer.from(kubeconfig()).toString("base64") }] };
}

/** Outputs beyond a resource's name, by the last part of its type. */
const computed: Record<string, (name: string, urn: string) => Properties> = {
  ManagedCluster: (name, urn) => ({
    fqdn: `${name}.echo.invalid`,
    nodeResourceGroup: `MC_${name}`,
    oidcIssuerProfile: { enabled: true, issuerURL: `https://oidc.echo.invalid/${guid(urn)}/` },
    identityProfile: {
      kubeletidentity: {
        clientId: guid(`${urn}client`),
        objectId: guid(`${urn}object`),
        resourceId: `/${name}`,
      },
    },
  }),
  PublicIPAddress: () => ({ ipAddress: "192.0.2.1" }),
  UserAssignedIdentity: (_name, urn) => ({
    clientId: guid(`${urn}client`),
    principalId: guid(`${urn}principal`),
    tenantId: nowhere,
  }),
};

/** The name that the author gave the resource itself, or one as the real plugin would make it up. */
function nameOf({ name, type, urn }: ResourceName, inputs: Properties): string {
  const kind = type.split(":").at(-1) ?? "";
  const property = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}Name`;
  return String(inputs[property] ?? inputs.resourceName ?? `${name}${derived(urn)}`);
}

/** An echo of Azure. Its ids have the shape of Azure's, under a subscription of zeros. */
export const azureNative: EchoPackage = {
  name: "azure-native",
  service: "Azure",
  replaceOn: ["location", "resourceGroupName", "resourceName"],
  outputs(resource, inputs) {
    const [, module = "", kind = ""] = resource.type.split(":");
    const name = nameOf(resource, inputs);
    const group = kind === "ResourceGroup" ? name : String(inputs.resourceGroupName ?? "none");
    const path = kind === "ResourceGroup" ? "" : `/providers/echo.${module}/${kind}/${name}`;
    return {
      id: `/subscriptions/${nowhere}/resourceGroups/${group}${path}`,
      outputs: { name, ...computed[kind]?.(name, resource.urn), provisioningState: "Succeeded" },
    };
  },
  functions: {
    "azure-native:authorization:getClientConfig": () => ({
      clientId: nowhere,
      objectId: nowhere,
      subscriptionId: nowhere,
      tenantId: nowhere,
    }),
    "azure-native:containerservice:listManagedClusterAdminCredentials": credentials,
    "azure-native:containerservice:listManagedClusterUserCredentials": credentials,
  },
};
