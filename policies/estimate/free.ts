import { volumeClaims } from "../core/claims";
import type { Resource } from "../core/resource";
import { get } from "../core/values";
import { customResourceCost, isGateway } from "./customResources";

const onNodes = "runs on nodes that are priced with their node pool";
const adding = "adds pods to nodes, and their volumes; both are priced up to their maximum";
const apiObject = "an object of the Kubernetes API; nothing is billed for it";
const azureObject = "Azure bills nothing for it";

const rendered = "its objects are resources of the stack, and priced";

/** Types that cost nothing, each with the reason. */
export const freeTypes: Readonly<Record<string, string>> = {
  "pulumi:pulumi:Stack": "the stack itself",
  "pulumi:pulumi:StackReference": "reads another stack's outputs",

  "azure-native:authorization:RoleAssignment": azureObject,
  "azure-native:authorization:RoleDefinition": azureObject,
  "azure-native:containerservice:MaintenanceConfiguration": azureObject,
  "azure-native:dns:RecordSet": "queries are priced with the zone",
  "azure-native:eventhub:ConsumerGroup": azureObject,
  "azure-native:eventhub:EventHub": "its events are priced with the namespace",
  "azure-native:eventhub:EventHubAuthorizationRule": azureObject,
  "azure-native:eventhub:NamespaceAuthorizationRule": azureObject,
  "azure-native:keyvault:Secret": "operations are priced with the vault",
  "azure-native:managedidentity:FederatedIdentityCredential": azureObject,
  "azure-native:managedidentity:UserAssignedIdentity": azureObject,
  "azure-native:monitor:DiagnosticSetting":
    "what it sends is billed by the workspace or account that receives it",
  "azure-native:network:ApplicationSecurityGroup": azureObject,
  "azure-native:network:NetworkInterface": azureObject,
  "azure-native:network:NetworkSecurityGroup": azureObject,
  "azure-native:network:PrivateDnsZoneGroup": azureObject,
  "azure-native:network:Route": azureObject,
  "azure-native:network:RouteTable": azureObject,
  "azure-native:network:SecurityRule": azureObject,
  "azure-native:network:Subnet": azureObject,
  "azure-native:network:VirtualNetwork":
    "a network in one region; only peering and traffic out of it are billed",
  "azure-native:privatedns:PrivateRecordSet": "queries are priced with the zone",
  "azure-native:privatedns:VirtualNetworkLink": azureObject,
  "azure-native:resources:ResourceGroup": azureObject,
  "azure-native:storage:Blob": "what is stored is priced with the storage account",
  "azure-native:storage:BlobContainerImmutabilityPolicy": azureObject,
  "azure-native:storage:BlobServiceProperties": "versions are priced with the storage account",
  "azure-native:storage:BlobContainer": "its content is priced with the storage account",
  "azure-native:storage:ManagementPolicy": azureObject,

  "kubernetes:apps/v1:DaemonSet": onNodes,
  "kubernetes:apps/v1:Deployment": onNodes,
  "kubernetes:apps/v1:ReplicaSet": onNodes,
  "kubernetes:batch/v1:CronJob": onNodes,
  "kubernetes:batch/v1:Job": onNodes,
  "kubernetes:core/v1:Pod": onNodes,
  "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration": apiObject,
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": apiObject,
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": apiObject,
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration": apiObject,
  "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": apiObject,
  "kubernetes:apiregistration.k8s.io/v1:APIService": apiObject,
  "kubernetes:autoscaling/v1:HorizontalPodAutoscaler": adding,
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": adding,
  "kubernetes:coordination.k8s.io/v1:Lease": apiObject,
  "kubernetes:core/v1:ConfigMap": apiObject,
  "kubernetes:core/v1:Endpoints": apiObject,
  "kubernetes:core/v1:LimitRange": apiObject,
  "kubernetes:core/v1:Namespace": apiObject,
  "kubernetes:core/v1:PersistentVolume":
    "names storage that exists; a disk of the stack is a resource of its own",
  "kubernetes:core/v1:ResourceQuota": apiObject,
  "kubernetes:core/v1:Secret": apiObject,
  "kubernetes:core/v1:ServiceAccount": apiObject,
  "kubernetes:discovery.k8s.io/v1:EndpointSlice": apiObject,
  "kubernetes:networking.k8s.io/v1:Ingress": "the ingress controller's Service brings the load balancer",
  "kubernetes:networking.k8s.io/v1:IngressClass": apiObject,
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": apiObject,
  "kubernetes:policy/v1:PodDisruptionBudget": apiObject,
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": apiObject,
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": apiObject,
  "kubernetes:rbac.authorization.k8s.io/v1:Role": apiObject,
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": apiObject,
  "kubernetes:scheduling.k8s.io/v1:PriorityClass": apiObject,
  "kubernetes:storage.k8s.io/v1:CSIDriver": apiObject,
  "kubernetes:storage.k8s.io/v1:StorageClass": "its volumes are priced with their claims",
};

/** Families of types that cost nothing, each with the reason. */
const freePrefixes: Readonly<Record<string, string>> = {
  "pulumi:providers:": "a provider: it creates resources, and is none in the cloud",
  "ds-monitoring:index:": "a component: its children are priced",
  "random:index/": "a value in the stack's state",
  "tls:index/": "a value in the stack's state",
  "azure-native:authorization:ManagementLock": azureObject,
  "docker:index/": "an image or a container of the machine of the update",
  "docker-build:index:": "an image that is built on the machine of the update",
  "time:index/": "a value in the stack's state",
  "command:": "a command that runs on the machine of the update or on one that exists",
  "kubernetes:helm.sh/v3:Chart": rendered,
  "kubernetes:helm.sh/v4:Chart": rendered,
  "kubernetes:kustomize": rendered,
  "kubernetes:yaml": rendered,
  "azuread:": "an object in the directory",
  "grafana:": "an object in a Grafana that runs elsewhere",
};

/** Why a resource costs nothing, or undefined when it may cost something. */
export function freeReason(resource: Resource): string | undefined {
  const { type, properties } = resource;
  const reason = freeTypes[type];
  // Pods run on priced nodes; volumes of theirs do not.
  if (reason === onNodes && volumeClaims(resource).length > 0) return undefined;
  if (reason !== undefined) return reason;
  // Grafana's own cloud bills its stacks, and what only they have.
  if (/^grafana:.*(cloud|frontendO11y|k6|machineLearning|synthetic)/i.test(type)) return undefined;
  const prefix = Object.keys(freePrefixes).find((start) => type.startsWith(start));
  if (prefix !== undefined) return freePrefixes[prefix];
  if (type === "kubernetes:core/v1:Service") {
    const serviceType = get(properties, "spec", "type") ?? "ClusterIP";
    if (serviceType === "ClusterIP" || serviceType === "NodePort" || serviceType === "ExternalName") {
      return "reached inside the cluster; only a Service of type LoadBalancer is billed";
    }
  }
  // The objects of a Release are made by Helm: no policy sees them.
  if (type.startsWith("kubernetes:helm.sh/")) return undefined;
  if (isGateway(type)) return undefined;
  return customResourceCost(type, properties) === null
    ? `${apiObject}; its pods run on priced nodes`
    : undefined;
}
