/** A resource that a policy test declares. */
export interface Case {
  /** Type token of the resource that is meant. */
  type: string;
  name: string;
  properties: Record<string, unknown>;
  protect?: boolean;
  /** Name of a resource that is declared before. */
  parent?: string;
}

/** Stands in a property for a value that is not known at preview. */
export const unknownMarker = "__unknown at preview__";

export const types = {
  cluster: "azure-native:containerservice:ManagedCluster",
  pool: "azure-native:containerservice:AgentPool",
  publicIp: "azure-native:network:PublicIPAddress",
  account: "azure-native:storage:StorageAccount",
  group: "azure-native:resources:ResourceGroup",
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  configMap: "kubernetes:core/v1:ConfigMap",
  deployment: "kubernetes:apps/v1:Deployment",
  service: "kubernetes:core/v1:Service",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  component: "ds-monitoring:index:InfluxDb",
} as const;

const tags = { project: "p", environment: "test", owner: "o", "cost-center": "1" };

/** A pool of 1 to `maxCount` nodes without disks of their own: 70.08 USD a node and month. */
export function pool(name: string, change: Record<string, unknown> = {}): Case {
  const nodes = { vmSize: "Standard_D2s_v5", enableAutoScaling: true, minCount: 1, maxCount: 2 };
  return {
    type: types.pool,
    name,
    properties: { location: "eastus", tags, ...nodes, osDiskType: "Ephemeral", ...change },
  };
}

/** A Deployment that every policy lets pass, with its pod and container changed. */
export function deployment(
  name: string,
  container: Record<string, unknown> = {},
  pod: Record<string, unknown> = {},
): Case {
  const spec = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "app",
        image: "ghcr.io/example/app:1.4.2",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "64Mi" } },
        readinessProbe: { httpGet: { path: "/" } },
        livenessProbe: { httpGet: { path: "/" } },
        ...container,
      },
    ],
    ...pod,
  };
  return { type: types.deployment, name, properties: { spec: { template: { spec } } } };
}

export function claim(name: string, storage: string, change: Record<string, unknown> = {}): Case {
  const spec = { storageClassName: "managed-csi", resources: { requests: { storage } }, ...change };
  return { type: types.claim, name, properties: { spec }, protect: true };
}

export function loadBalancer(name: string): Case {
  return { type: types.service, name, properties: { spec: { type: "LoadBalancer", ports: [{ port: 80 }] } } };
}

export function bucket(name: string, days: number): Case {
  const state = { buckets: [{ name: "events", retentionSeconds: days * 86_400 }] };
  return { type: types.configMap, name, properties: { data: { "state.json": JSON.stringify(state) } } };
}

export function storageAccount(name: string, change: Record<string, unknown> = {}): Case {
  const closed = {
    ...{ allowBlobPublicAccess: false, publicNetworkAccess: "Disabled", minimumTlsVersion: "TLS1_2" },
    ...{ enableHttpsTrafficOnly: true, sku: { name: "Standard_LRS" }, location: "eastus", tags },
  };
  return { type: types.account, name, properties: { ...closed, ...change }, protect: true };
}
