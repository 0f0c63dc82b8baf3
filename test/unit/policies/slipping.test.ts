import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Resource } from "../../../policies/core/resource";
import { Unknown, type Properties } from "../../../policies/core/values";
import { publicEndpoints } from "../../../policies/cost/publicEndpoints";
import { stackBudget } from "../../../policies/cost/stackBudget";
import { usageFile } from "../../../policies/cost/settings";
import { azureMeters } from "../../../policies/estimate/azure";
import { estimate } from "../../../policies/estimate/estimate";
import { freeTypes } from "../../../policies/estimate/free";
import { prices } from "../../../policies/estimate/prices";
import { serviceMeters } from "../../../policies/estimate/services";
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
    [
      "an add-on in other letters, which Azure takes for the same",
      /addonProfiles\.omsAgent\.enabled is «true».*Log Analytics bills each GB/,
      [cluster({ addonProfiles: { omsAgent: { enabled: true } } })],
    ],
    [
      "add-ons that are not known yet",
      /addonProfiles is unknown at preview/,
      [cluster({ addonProfiles: new Unknown("addonProfiles") })],
    ],
    [
      "another way out of the cluster",
      /outboundType is «managedNATGatewayV2»/,
      [cluster({ networkProfile: { outboundType: "managedNATGatewayV2" } })],
    ],
    [
      "load balancers of single pools",
      /enableMultipleStandardLoadBalancers is «true»/,
      [cluster({ networkProfile: { loadBalancerProfile: { enableMultipleStandardLoadBalancers: true } } })],
    ],
    ...["azureMonitorProfile", "networkProfile", "securityProfile", "storageProfile"].map(
      (profile): [string, RegExp, Resource[]] => [
        `a part of ${profile} of a later API`,
        new RegExp(`what ${profile}\\.later costs is not known`),
        [cluster({ [profile]: { later: { enabled: true } } })],
      ],
    ),
    ["fewer than no nodes, which would pay for others", /it has -100 to -100 nodes/, [pool({ count: -100 })]],
    [
      "volumes of fewer than no pods",
      /it has -5 to -5 disks/,
      [
        kubernetes("apps/v1:StatefulSet", {
          spec: { replicas: -5, volumeClaimTemplates: [claim("managed-csi")] },
        }),
      ],
    ],
    [
      "a minimum above the maximum",
      /it has 9 to 1 nodes/,
      [pool({ enableAutoScaling: true, minCount: 9, maxCount: 1 })],
    ],
    [
      "a range of addresses of unknown length",
      /prefixLength is a value that is unknown at preview/,
      [azure("network:PublicIPPrefix", { prefixLength: new Unknown("prefixLength") })],
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
      "events copied to a second region",
      /geoDataReplication is set/,
      [azure("eventhub:Namespace", { sku: { name: "Premium" }, geoDataReplication: { locations: [] } })],
    ],
    [
      "events that are captured",
      /captureDescription\.enabled is «true»/,
      [azure("eventhub:EventHub", { captureDescription: { enabled: true } })],
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
      "a storage class with two SKUs",
      /no price is known for the storage class «own»/,
      [storageClass({ storageaccounttype: "StandardSSD_LRS" }), volume("own")],
    ],
    [
      "a disk that an attributes class changes",
      /volumeAttributesClassName changes what its disk is/,
      [
        kubernetes("core/v1:PersistentVolumeClaim", {
          spec: {
            ...{ storageClassName: "managed-csi", volumeAttributesClassName: "fast" },
            resources: { requests: { storage: "1Ti" } },
          },
        }),
      ],
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
      "a load balancer of a custom resource, in its own words",
      /networkPublishing\.type asks for a load balancer/,
      [
        kubernetes("operator.projectcontour.io/v1alpha1:Contour", {
          spec: { networkPublishing: { type: "LoadBalancerService" } },
        }),
      ],
    ],
    [
      "an application gateway for containers",
      /buys in the cloud/,
      [kubernetes("alb.networking.azure.io/v1:ApplicationLoadBalancer")],
    ],
    ["GPU nodes of KAITO", /buys in the cloud/, [kubernetes("kaito.sh/v1beta1:Workspace")]],
    ["an instance of kro", /makes what no policy sees/, [kubernetes("kro.run/v1alpha1:WebApp")]],
    ["a mesh of Istio's operator", /makes what no policy sees/, [kubernetes("install.istio.io/v1:Istio")]],
    [
      "checks that Grafana's cloud bills",
      /no price is known/,
      [resource("grafana:syntheticMonitoring/check:Check", "x", {})],
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

  test("a gateway in an older version of the API", () => {
    const gateway = (version: string) =>
      costOf(kubernetes(`gateway.networking.k8s.io/${version}:Gateway`, { spec: { listeners: [{}] } }));
    assert.ok(gateway("v1").maximum > 0);
    assert.deepEqual(gateway("v1beta1"), gateway("v1"));
  });

  test("a range of addresses, for each of them", () => {
    const prefix = azure("network:PublicIPPrefix", { prefixLength: 28 });
    // 16 × 730 × 0.006
    assert.equal(costOf(prefix).maximum.toFixed(2), "70.08");
    assert.match(checkStack(publicEndpoints, [prefix]).join(), /16 public IP addresses/);
  });

  test("the second address of a cluster with two families", () => {
    const dual = cluster({ networkProfile: { ipFamilies: ["IPv4", "IPv6"] } });
    assert.equal((costOf(dual).maximum - costOf(cluster()).maximum).toFixed(2), "3.65");
  });

  test("pools of clusters in two regions have the price of the dearer one", () => {
    const cheap = cluster();
    const dear = cluster({ location: "westeurope" });
    const nodes = resource("azure-native:containerservice:AgentPool", "pool", {
      ...{ vmSize: "Standard_D2s_v5", count: 1, osDiskType: "Ephemeral" },
    });
    const added = (...clusters: Resource[]) =>
      (costOf(...clusters, nodes).maximum - costOf(...clusters).maximum).toFixed(2);
    // 730 × 0.096 in eastus, 730 × 0.115 in westeurope
    assert.deepEqual([added(cheap), added(cheap, dear), added(dear, cheap)], ["70.08", "83.95", "83.95"]);
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
    azure("privatedns:PrivateRecordSet"),
    azure("dns:RecordSet"),
    azure("network:SecurityRule"),
    azure("network:NetworkInterface"),
    azure("authorization:ManagementLockByScope"),
    azure("eventhub:EventHub"),
    azure("storage:Blob"),
    cluster({ addonProfiles: { azurePolicy: { enabled: true }, omsagent: { enabled: false } } }),
    kubernetes("core/v1:PersistentVolumeClaim", claim("")),
    kubernetes("sparkoperator.k8s.io/v1beta2:SparkApplication", {
      spec: { driver: { cores: 1, memory: "512m" } },
    }),
    kubernetes("flowcontrol.apiserver.k8s.io/v1:FlowSchema"),
    resource("docker-build:index:Image", "x", {}),
    resource("time:index/sleep:Sleep", "x", {}),
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

test("each type of Azure that the estimate knows is one of the plugin that is used", async () => {
  const known = [...Object.keys(freeTypes), ...Object.keys(azureMeters), ...Object.keys(serviceMeters)];
  const types = known.filter((type) => type.startsWith("azure-native:"));
  assert.ok(types.length > 30);
  for (const type of types) {
    const [, module = "", kind = ""] = type.split(":");
    const sdk = (await import(`@pulumi/azure-native/${module}/index.js`)) as Record<string, unknown>;
    assert.equal((sdk[kind] as { __pulumiType?: string } | undefined)?.__pulumiType, type);
  }
});
