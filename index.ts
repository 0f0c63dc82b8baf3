import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { Monitoring } from "./components";
import { AksCluster } from "./components/azure";
import { readConfig } from "./config/stackConfig";
import { penguins, penguinsProbe } from "./examples/penguins/penguins";

const config = readConfig(new pulumi.Config());

const aks =
  config.cluster.deploy && new AksCluster("aks", { ...config.cluster.deploy, protect: config.protectData });

// The identifier keeps a new kubeconfig for the same cluster from replacing everything in it.
const provider = new Provider("cluster", {
  kubeconfig: aks?.kubeconfig ?? config.cluster.existing?.kubeconfig,
  context: config.cluster.existing?.context,
  clusterIdentifier: `${pulumi.getProject()}-${pulumi.getStack()}`,
});

const platform = new Monitoring(
  "monitoring",
  {
    environment: config.environment,
    influxDb: config.influxDb,
    fluentdAggregator: { replicas: config.fluentdReplicas, storage: config.storage.fluentd },
    grafana: config.grafana,
    alertmanager: config.alertmanager,
    telegraf: { probes: config.sampleWorkloads ? [penguinsProbe] : [] },
    retentionDays: config.retentionDays,
    backup: config.backup,
    archive: config.archive,
    runbookBaseUrl: config.runbookBaseUrl,
    protectData: config.protectData,
  },
  { provider },
);

const sample = config.sampleWorkloads
  ? penguins(
      {
        monitoring: platform.connection,
        registry: config.sampleRegistry,
        storage: config.storage.sample,
        protectData: config.protectData,
      },
      { provider },
    )
  : undefined;

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
