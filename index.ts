import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { Monitoring } from "./components";
import { readConfig } from "./config";

const config = readConfig(new pulumi.Config());

// The identifier keeps a new kubeconfig for the same cluster from replacing everything in it.
const cluster = new Provider("cluster", {
  kubeconfig: config.kubeconfig,
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
