import {
  KubernetesObjectApi,
  type KubeConfig,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import { mailImage } from "../images/localImages";

/** Where the local stack's mails go: the smarthost of Pulumi.local.yaml. */
export const mailServer = { namespace: "mail", name: "mail", smtpPort: 1025, webPort: 8025 } as const;

const labels = {
  "app.kubernetes.io/name": mailServer.name,
  "app.kubernetes.io/instance": mailServer.name,
  "app.kubernetes.io/part-of": "ds-monitoring",
};

/**
 * The mail server of the local stack, with a page to read the mails. Not a part of the platform: it is here so that a
 * person sees the mails that alerts send, and delivers nothing.
 */
export function mailObjects(): KubernetesObject[] {
  const { namespace, name, smtpPort, webPort } = mailServer;
  const metadata = { name, namespace, labels };
  const ports = [
    { name: "smtp", containerPort: smtpPort },
    { name: "web", containerPort: webPort },
  ];
  const container = {
    name,
    image: mailImage,
    ports,
    readinessProbe: { httpGet: { path: "/readyz", port: "web" }, periodSeconds: 2 },
    resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "200m", memory: "128Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
  const pod = {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_534,
      runAsGroup: 65_534,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
  };
  const selector = { "app.kubernetes.io/instance": name };
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: namespace,
        labels: { ...labels, "pod-security.kubernetes.io/enforce": "restricted" },
      },
    },
    object("apps/v1", "Deployment", metadata, {
      replicas: 1,
      selector: { matchLabels: selector },
      template: { metadata: { labels }, spec: pod },
    }),
    object("v1", "Service", metadata, {
      selector,
      ports: ports.map((port) => ({ name: port.name, port: port.containerPort, targetPort: port.name })),
    }),
    // Mails come from any pod; the page is read through the API server.
    object("networking.k8s.io/v1", "NetworkPolicy", metadata, {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: smtpPort }] }],
    }),
  ];
}

function object(
  apiVersion: string,
  kind: string,
  metadata: KubernetesObject["metadata"],
  spec: object,
): KubernetesObject {
  return { apiVersion, kind, metadata, spec } as KubernetesObject;
}

/** Create the mail server, or bring it to its declared form. */
export async function deployMailServer(config: KubeConfig): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config);
  for (const one of mailObjects()) {
    await api.patch(one, undefined, undefined, "ds-monitoring", true, PatchStrategy.ServerSideApply);
  }
}

/** Remove the mail server with its namespace. */
export async function removeMailServer(config: KubeConfig): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config);
  await api.delete(mailObjects()[0] as KubernetesObject).catch((error: { code?: number }) => {
    if (error.code !== 404) throw error;
  });
}
