import { Ingress, NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type * as pulumi from "@pulumi/pulumi";
import { allowSpec, podsOf, tcp } from "../kubernetes/networkPolicies";
import type { PartObjects } from "../platform/partObjects";

/** How people reach Grafana from outside of the cluster: HTTPS through an ingress controller. */
export interface GrafanaIngressArgs {
  /** Host name, e.g. `grafana.example.com`; its DNS record points at the ingress controller. */
  host: pulumi.Input<string>;
  /** Namespace of the ingress controller's pods, e.g. `ingress-nginx`; only these may connect. */
  controllerNamespace: pulumi.Input<string>;
  /**
   * Class of the ingress controller, e.g. `nginx`.
   * @default the cluster's default class
   */
  className?: pulumi.Input<string>;
  /**
   * Secret of type `kubernetes.io/tls` in Grafana's namespace.
   * @default "grafana-tls"
   */
  tlsSecretName?: pulumi.Input<string>;
  /**
   * ClusterIssuer of cert-manager that fills that Secret.
   * @default none, the Secret is created by other means
   */
  clusterIssuer?: pulumi.Input<string>;
}

/** The pod with which cert-manager answers an HTTP-01 challenge: its label, and the port that it listens on. */
const solverLabels = { "acme.cert-manager.io/http01-solver": "true" };
const solverPort = 8089;

/**
 * The Ingress, and with a ClusterIssuer the way to cert-manager's solver in Grafana's namespace.
 *
 * @returns namespace of the pods that forward the requests
 */
export function grafanaIngress(
  objects: PartObjects,
  args: GrafanaIngressArgs,
  serviceName: pulumi.Input<string>,
): pulumi.Input<string> {
  const { host, clusterIssuer } = args;
  const backend = { service: { name: serviceName, port: { name: "http" } } };
  new Ingress(
    objects.name,
    {
      metadata: {
        ...objects.metadata,
        annotations:
          clusterIssuer === undefined ? undefined : { "cert-manager.io/cluster-issuer": clusterIssuer },
      },
      spec: {
        ingressClassName: args.className,
        tls: [{ hosts: [host], secretName: args.tlsSecretName ?? "grafana-tls" }],
        rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      },
    },
    { parent: objects.parent },
  );
  if (clusterIssuer !== undefined) {
    const { labels, namespace } = objects.contentMetadata;
    new NetworkPolicy(
      `${objects.name}-acme-solver`,
      {
        metadata: { name: `${objects.part.name}-acme-solver`, labels, namespace },
        spec: allowSpec({
          podLabels: solverLabels,
          ingress: [{ from: [podsOf(args.controllerNamespace)], ports: tcp(solverPort) }],
        }),
      },
      { parent: objects.parent },
    );
  }
  return args.controllerNamespace;
}
