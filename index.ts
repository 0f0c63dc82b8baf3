import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { Monitoring } from "./components";
import { AksCluster, BackupStorage } from "./components/azure";
import { readConfig } from "./config/readConfig";
import { penguins, penguinsProbe } from "./examples/penguins/penguins";

const { cluster, backupStorage, monitoring, sample: sampleConfig } = readConfig(new pulumi.Config());
const { protect } = monitoring;

const aks = cluster?.deploy && new AksCluster("aks", { protect, ...cluster.deploy });

if (backupStorage && !cluster?.deploy)
  throw new Error("backupStorage needs a cluster of the stack: set cluster.deploy");
const storage =
  aks &&
  backupStorage &&
  new BackupStorage("backups", {
    ...{ location: cluster.deploy.location, tags: cluster.deploy.tags, protect },
    ...{ oidcIssuerUrl: aks.oidcIssuerUrl, subnetId: aks.subnetId },
    namespace: monitoring.namespace ?? monitoring.namespaceName,
    ...backupStorage,
  });

// The identifier keeps a new kubeconfig for the same cluster from replacing everything in it.
const provider = new Provider("cluster", {
  kubeconfig: aks?.kubeconfig ?? cluster?.existing?.kubeconfig,
  context: cluster?.existing?.context,
  clusterIdentifier: `${pulumi.getProject()}-${pulumi.getStack()}`,
});

const { probes = [] } = monitoring.telegraf ?? {};
const allProbes = sampleConfig ? pulumi.output(probes).apply((own) => [...own, penguinsProbe]) : probes;
const platform = new Monitoring(
  "monitoring",
  {
    cilium: aks !== undefined,
    ...monitoring,
    ...(storage && { backup: { objectStore: storage.objectStore, ...monitoring.backup } }),
    telegraf: { ...monitoring.telegraf, probes: allProbes },
  },
  { provider },
);

const sample =
  sampleConfig &&
  penguins(
    {
      ...{ registry: "localhost:5000", storage: { size: "1Gi" }, ...sampleConfig },
      ...{ monitoring: platform.connection, protect: protect ?? true },
    },
    { provider },
  );

// One object, because the engine warns of each exported name that is undefined.
export = {
  // As one secret: programs in YAML lose a secret inside of an object.
  monitoring: pulumi.secret(platform.connection),
  grafanaUrl: platform.grafanaUrl,
  grafanaAdminPassword: platform.grafanaAdminPassword,
  ...(sample && { sampleApiUrl: sample.api.url }),
  // For the stacks of other teams, and for federated credentials of workload identities.
  ...(aks && {
    kubeconfig: aks.kubeconfig,
    clusterName: aks.clusterName,
    resourceGroupName: aks.resourceGroupName,
    oidcIssuerUrl: aks.oidcIssuerUrl,
  }),
};
