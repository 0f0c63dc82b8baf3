import {
  type KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import { addresses, ports } from "./layout";
import { provisionerName } from "./provisioner";

/** Bring what the node adds to the cluster: the way of pods to the API server, DNS and the default StorageClass. */
export async function applyNodeObjects(config: KubeConfig, dnsImage: string): Promise<void> {
  const api = config.makeApiClient(KubernetesObjectApi);
  for (const object of nodeObjects(dnsImage)) {
    await api.patch(object, undefined, undefined, "ds-monitoring", true, PatchStrategy.ServerSideApply);
  }
}

export function nodeObjects(dnsImage: string): KubernetesObject[] {
  const labels = { "k8s-app": "kube-dns" };
  const named = (name: string) => ({ name, namespace: "kube-system", labels });
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" };
  const objects: Array<KubernetesObject & Record<string, unknown>> = [
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { "kubernetes.io/service-name": "kubernetes" },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: [addresses.node], conditions: { ready: true } }],
      ports: [{ name: "https", port: ports.apiServer, protocol: "TCP" }],
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: provisionerName,
      reclaimPolicy: "Delete",
      volumeBindingMode: "Immediate",
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: named("coredns") },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: role.name },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: role.name },
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: "kube-system" }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: named("coredns"),
      data: { Corefile: corefile },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: named("kube-dns"),
      spec: {
        clusterIP: addresses.dns,
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: named("coredns"),
      spec: deployment(labels, dnsImage),
    },
  ];
  return objects;
}

/** Names outside of the cluster do not exist: pods of the node have no way to the Internet. */
const corefile = `.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
  }
  cache 30
  loadbalance
}
`;

function deployment(labels: Record<string, string>, image: string): object {
  return {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: "coredns",
        priorityClassName: "system-cluster-critical",
        // It does not resolve names of its own, and serves those of others.
        dnsPolicy: "Default",
        containers: [
          {
            name: "coredns",
            image,
            imagePullPolicy: "Never",
            args: ["-conf", "/etc/coredns/Corefile"],
            ports: [
              { containerPort: 53, protocol: "UDP" },
              { containerPort: 53, protocol: "TCP" },
            ],
            resources: { requests: { cpu: "20m", memory: "16Mi" }, limits: { memory: "128Mi" } },
            readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 2 },
            livenessProbe: { httpGet: { path: "/health", port: 8080 }, failureThreshold: 5 },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
              readOnlyRootFilesystem: true,
            },
            volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
          },
        ],
        volumes: [{ name: "config", configMap: { name: "coredns" } }],
      },
    },
  };
}
