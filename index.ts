import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { AksCluster, Monitoring } from "./components";
import { readConfig } from "./config";

const config = readConfig(new pulumi.Config());

const aks =
  config.cluster === undefined
    ? undefined
    : new AksCluster("aks", { ...config.cluster, protect: config.protectData });

// The identifier keeps a new kubeconfig for the same cluster from replacing everything in it.
const cluster = new Provider("cluster", {
  kubeconfig: aks?.kubeconfig ?? config.kubeconfig,
  context: config.kubeContext,
  clusterIdentifier: `${pulumi.getProject()}-${pulumi.getStack()}`,
});

const platform = new Monitoring(
  "monitoring",
  {
    influxDb: { storage: { size: config.influxDbStorage, storageClassName: config.storageClass } },
    protectData: config.protectData,
  },
  { provider: cluster },
);

export const influxDbUrl = platform.influxDbUrl;

// For the stacks of other teams, and for federated credentials of workload identities.
export const kubeconfig = aks?.kubeconfig;
export const clusterName = aks?.clusterName;
export const resourceGroupName = aks?.resourceGroupName;
export const oidcIssuerUrl = aks?.oidcIssuerUrl;
