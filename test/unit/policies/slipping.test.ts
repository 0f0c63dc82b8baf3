import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Resource } from "../../../policies/core/resource";
import { Unknown, type Properties } from "../../../policies/core/values";
import { stackBudget } from "../../../policies/cost/stackBudget";
import { usageFile } from "../../../policies/cost/settings";
import { estimate } from "../../../policies/estimate/estimate";
import { prices } from "../../../policies/estimate/prices";
import { checkStack, resource } from "./support";

/** What the budget says of a stack that may cost anything: nothing but what it can't price. */
const refusal = (...resources: Resource[]) =>
  checkStack(stackBudget, resources, { maximumMonthly: 1e9 }).join();
const costOf = (...resources: Resource[]) =>
  estimate(resources, prices, { region: "eastus", usage: usageFile.stack }).total;

const azure = (type: string, properties: Properties = {}) =>
  resource(`azure-native:${type}`, "x", { location: "eastus", ...properties });
const kubernetes = (type: string, properties: Properties = {}) =>
  resource(`kubernetes:${type}`, "x", properties);
const cluster = (properties: Properties = {}) => azure("containerservice:ManagedCluster", properties);
const pool = (properties: Properties = {}) =>
  azure("containerservice:AgentPool", {
    ...{ vmSize: "Standard_D2s_v5", count: 1, osDiskType: "Ephemeral", ...properties },
  });
const account = (properties: Properties = {}) =>
  azure("storage:StorageAccount", { sku: { name: "Standard_LRS" }, ...properties });
const claim = (storageClassName?: string): Properties => ({
  spec: {
    ...(storageClassName === undefined ? {} : { storageClassName }),
    resources: { requests: { storage: "1Ti" } },
  },
});
const storageClass = (parameters: Properties, metadata: Properties = { name: "own" }) =>
  kubernetes("storage.k8s.io/v1:StorageClass", {
    ...{ metadata, provisioner: "disk.csi.azure.com" },
    parameters: { skuName: "Premium_LRS", ...parameters },
  });
const volume = (name?: string) => kubernetes("core/v1:PersistentVolumeClaim", claim(name));
const ephemeral: Properties = {
  ...{ containers: [{ name: "x" }] },
  volumes: [{ name: "scratch", ephemeral: { volumeClaimTemplate: claim("managed-csi") } }],
};

describe("refused, since what it costs can't be told", () => {
  const tries: [string, RegExp, Resource[]][] = [
    ["tier Premium", /sku\.tier is «Premium»/, [cluster({ sku: { tier: "Premium" } })]],
    [
      "Container Insights",
      /Log Analytics bills each GB/,
      [cluster({ azureMonitorProfile: { containerInsights: { enabled: true } } })],
    ],
    [
      "a gateway for containers in the ingress profile",
      /what ingressProfile\.applicationLoadBalancer costs is not known/,
      [cluster({ ingressProfile: { applicationLoadBalancer: { enabled: true } } })],
    ],
    [
      "a mesh with gateways of its own",
      /ingressGateways is set.*a load balancer for each/,
      [
        cluster({
          serviceMeshProfile: { istio: { components: { ingressGateways: [{ enabled: true }] } } },
        }),
      ],
    ],
    [
      "a registry that AKS makes as a cache",
      /AKS makes a registry: set containerRegistryId/,
      [cluster({ bootstrapProfile: { artifactSource: "Cache" } })],
    ],
    ["a pool of gateways", /mode is «Gateway».*addresses of a gateway/, [pool({ mode: "Gateway" })]],
    [
      "a pool's setting of a later API",
      /what burstProfile costs is not known/,
      [pool({ burstProfile: { enabled: true } })],
    ],
    ["a VM", /no price is known for the type/, [azure("compute:VirtualMachine")]],
    ["a scale set", /no price is known for the type/, [azure("compute:VirtualMachineScaleSet")]],
    [
      "an Ultra disk",
      /no price is known for the type/,
      [azure("compute:Disk", { sku: { name: "UltraSSD_LRS" } })],
    ],
    ["a snapshot", /no price is known for the type/, [azure("compute:Snapshot")]],
    ["Bastion", /no price is known for the type/, [azure("network:BastionHost")]],
    ["a firewall", /no price is known for the type/, [azure("network:AzureFirewall")]],
    ["an application gateway", /no price is known for the type/, [azure("network:ApplicationGateway")]],
    ["ExpressRoute", /no price is known for the type/, [azure("network:ExpressRouteCircuit")]],
    ["Cosmos DB", /no price is known for the type/, [azure("cosmosdb:DatabaseAccount")]],
    ["OpenAI", /no price is known for the type/, [azure("cognitiveservices:Account")]],
    ["a template of anything", /no price is known for the type/, [azure("resources:Deployment")]],
    [
      "a cluster of a provider for one API version",
      /no price is known for the type/,
      [resource("azure-native_containerservice_v20250901:containerservice:ManagedCluster", "x", {})],
    ],
    [
      "a dynamic resource",
      /no price is known for the type/,
      [resource("pulumi-nodejs:dynamic:Resource", "x", {})],
    ],
    ["a stack in Grafana's cloud", /no price is known/, [resource("grafana:cloud/stack:Stack", "x", {})]],
    [
      "DDoS protection of an address",
      /protectionMode is «Enabled»/,
      [azure("network:PublicIPAddress", { ddosSettings: { protectionMode: "Enabled" } })],
    ],
    [
      "an address in all regions",
      /sku\.tier is «Global»/,
      [azure("network:PublicIPAddress", { sku: { tier: "Global" } })],
    ],
    [
      "DDoS protection of a network",
      /enableDdosProtection is «true»/,
      [azure("network:VirtualNetwork", { enableDdosProtection: true })],
    ],
    ["SFTP of a storage account", /isSftpEnabled is «true»/, [account({ isSftpEnabled: true })]],
    ["provisioned file shares", /kind is «FileStorage»/, [account({ kind: "FileStorage" })]],
    [
      "a commitment tier of Log Analytics",
      /only PerGB2018 is priced/,
      [azure("operationalinsights:Workspace", { sku: { name: "CapacityReservation" } })],
    ],
    [
      "a dedicated unit of Event Hubs",
      /sku\.name is «Dedicated»/,
      [azure("eventhub:Namespace", { sku: { name: "Dedicated" } })],
    ],
    [
      "a key in a hardware module",
      /kty\) is «RSA-HSM»/,
      [azure("keyvault:Key", { properties: { kty: "RSA-HSM" } })],
    ],
    [
      "disks that several nodes share",
      /no price is known for the storage class «own»/,
      [storageClass({ maxShares: "5" }), volume("own")],
    ],
    [
      "disks with bought bursts",
      /no price is known for the storage class «own»/,
      [storageClass({ enableBursting: "true" }), volume("own")],
    ],
    [
      "volumes of a custom resource, in the words of Kubernetes",
      /volumeClaimTemplate\.spec\.resources\.requests\.storage asks for a volume of 1Ti/,
      [
        kubernetes("monitoring.coreos.com/v1:Prometheus", {
          spec: { storage: { volumeClaimTemplate: claim() } },
        }),
      ],
    ],
    [
      "volumes of a custom resource, in its own words",
      /spec\.kafka\.storage\.size asks for a volume of 100Gi/,
      [kubernetes("kafka.strimzi.io/v1:Kafka", { spec: { kafka: { storage: { size: "100Gi" } } } })],
    ],
    [
      "a custom resource whose volumes are not known yet",
      /spec\.storage\.size is unknown at preview/,
      [
        kubernetes("postgresql.cnpg.io/v1:Cluster", {
          spec: { storage: { size: new Unknown("spec.storage.size") } },
        }),
      ],
    ],
    [
      "a load balancer of a custom resource",
      /asks for a load balancer/,
      [
        kubernetes("projectcontour.io/v1alpha1:ContourDeployment", {
          spec: { envoy: { type: "LoadBalancer" } },
        }),
      ],
    ],
    [
      "jobs that KEDA starts, with volumes",
      /asks for a volume of 1Ti/,
      [
        kubernetes("keda.sh/v1alpha1:ScaledJob", {
          spec: { jobTargetRef: { template: { spec: ephemeral } } },
        }),
      ],
    ],
    [
      "an application of Argo CD",
      /makes what no policy sees/,
      [kubernetes("argoproj.io/v1alpha1:Application")],
    ],
    ["a release of Flux", /makes what no policy sees/, [kubernetes("helm.toolkit.fluxcd.io/v2:HelmRelease")]],
    ["a stack of Pulumi's operator", /makes what no policy sees/, [kubernetes("pulumi.com/v1:Stack")]],
    ["a machine of another cloud", /buys in the cloud/, [kubernetes("ec2.aws.upbound.io/v1beta1:Instance")]],
    ["node pools of Karpenter", /buys in the cloud/, [kubernetes("karpenter.sh/v1:NodePool")]],
    [
      "a snapshot of a volume",
      /no price is known/,
      [kubernetes("snapshot.storage.k8s.io/v1:VolumeSnapshot")],
    ],
    ["a patch of a Service", /no price is known/, [kubernetes("core/v1:ServicePatch")]],
    [
      "ports of a load balancer that are not known yet",
      /spec\.ports is unknown/,
      [kubernetes("core/v1:Service", { spec: { type: "LoadBalancer", ports: new Unknown("spec.ports") } })],
    ],
    [
      "overlapping runs with a volume each",
      /runs may overlap.*concurrencyPolicy to Forbid/,
      [
        kubernetes("batch/v1:CronJob", {
          spec: { jobTemplate: { spec: { template: { spec: ephemeral } } } },
        }),
      ],
    ],
    ["a Helm release", /no price is known/, [kubernetes("helm.sh/v3:Release")]],
  ];
  for (const [name, message, resources] of tries) {
    test(name, () => assert.match(refusal(...resources), message));
  }
});

describe("priced, where it used to cost less than it does", () => {
  test("a private cluster's endpoint and DNS zone", () => {
    const made = cluster({ apiServerAccessProfile: { enablePrivateCluster: true } });
    assert.equal(refusal(made), "");
    // 730 × 0.01 + 10 × 0.00 + 0.50
    assert.equal((costOf(made).maximum - costOf(cluster()).maximum).toFixed(2), "7.80");
  });

  test("both addresses of a Service for two families", () => {
    const service = (spec: Properties) =>
      kubernetes("core/v1:Service", { spec: { type: "LoadBalancer", ports: [{ port: 1 }], ...spec } });
    const added =
      costOf(service({ ipFamilyPolicy: "RequireDualStack" })).maximum - costOf(service({})).maximum;
    assert.equal(added.toFixed(2), "3.65");
  });

  test("claims without a class get the stack's own default class", () => {
    const marked = storageClass(
      {},
      {
        name: "own",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
    );
    assert.equal(costOf(volume()).maximum, 76.8);
    assert.equal(costOf(marked, volume()).maximum, 135.17);
  });
});

test("what is harmless is accepted", () => {
  const certificate = {
    spec: { secretName: "tls", issuerRef: { name: new Unknown("spec.issuerRef.name") } },
  };
  const harmless = [
    kubernetes("cert-manager.io/v1:Certificate", certificate),
    kubernetes("external-secrets.io/v1:ExternalSecret", { spec: { refreshInterval: "1h" } }),
    kubernetes("monitoring.coreos.com/v1:ServiceMonitor", { spec: { endpoints: [{ port: "metrics" }] } }),
    kubernetes("cilium.io/v2:CiliumNetworkPolicy", { spec: {} }),
    kubernetes("keda.sh/v1alpha1:ScaledObject", { spec: { scaleTargetRef: { name: "api" } } }),
    kubernetes("autoscaling.k8s.io/v1:VerticalPodAutoscaler", {
      spec: { resourcePolicy: { containerPolicies: [{ maxAllowed: { memory: "2Gi" } }] } },
    }),
    kubernetes("gateway.networking.k8s.io/v1:GRPCRoute", { spec: {} }),
    kubernetes("gateway.networking.k8s.io/v1:HTTPRoute", { spec: {} }),
    kubernetes("source.toolkit.fluxcd.io/v1:GitRepository", { spec: {} }),
    kubernetes("discovery.k8s.io/v1:EndpointSlice"),
    kubernetes("apiregistration.k8s.io/v1:APIService"),
    kubernetes("admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"),
    resource("azuread:index/application:Application", "x", {}),
    azure("authorization:RoleDefinition"),
    azure("keyvault:Key", { properties: { kty: "RSA" } }),
    azure("keyvault:Secret"),
    azure("privatedns:VirtualNetworkLink"),
    resource("grafana:index/dashboard:Dashboard", "x", {}),
    pool({ enableFIPS: true, upgradeSettings: { maxSurge: "10%" }, localDNSProfile: { mode: "Preferred" } }),
    cluster({
      ingressProfile: { webAppRouting: { enabled: true } },
      metricsProfile: { costAnalysis: { enabled: true } },
    }),
    kubernetes("batch/v1:CronJob", {
      spec: { concurrencyPolicy: "Forbid", jobTemplate: { spec: { template: { spec: ephemeral } } } },
    }),
  ];
  for (const one of harmless) assert.equal(refusal(one), "", one.type);
});
