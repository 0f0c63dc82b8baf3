import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Namespace, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { podSecurityVersion } from "../kubernetes/podSecurity";
import type { PartObjects } from "../platform/partObjects";

/** How people reach Grafana from outside of the cluster: HTTPS through a gateway of its own (Gateway API). */
export interface GrafanaGatewayArgs {
  /** Host name, e.g. `grafana.example.com`; its DNS record points at the gateway's address. */
  host: pulumi.Input<string>;
  /** GatewayClass, e.g. `approuting-istio` of AKS. */
  className: pulumi.Input<string>;
  /**
   * Name of the new namespace of the gateway, its routes and its certificate.
   * @default "grafana-gateway"
   */
  namespaceName?: pulumi.Input<string>;
  /**
   * Namespace of the pods that forward the requests; only these may connect.
   * @default that of the gateway, where `approuting-istio` makes them
   */
  controllerNamespace?: pulumi.Input<string>;
  /**
   * Secret of type `kubernetes.io/tls` in the gateway's namespace.
   * @default "grafana-tls"
   */
  tlsSecretName?: pulumi.Input<string>;
  /**
   * ClusterIssuer of cert-manager that fills that Secret; cert-manager must watch gateways (`enableGatewayAPI`).
   * @default none, the Secret is created by other means
   */
  clusterIssuer?: pulumi.Input<string>;
  /**
   * Options of the class for TLS, instead of the Secret, e.g. `kubernetes.azure.com/tls-cert-keyvault-uri`.
   * @default none
   */
  tlsOptions?: Record<string, pulumi.Input<string>>;
  /**
   * Annotations of a service account `grafana-gateway` in the gateway's namespace, which such options may name, e.g.
   * `azure.workload.identity/client-id`.
   * @default none: there is no such service account
   */
  serviceAccountAnnotations?: Record<string, pulumi.Input<string>>;
}

const group = "gateway.networking.k8s.io";
/** Name of the Gateway, its namespace and its service account. */
export const gatewayName = "grafana-gateway";
const name = gatewayName;

/**
 * Spec of the Gateway: HTTPS, and HTTP for the redirect to it and for answers to ACME's HTTP-01 challenge; pure.
 *
 * Routes of other namespaces are not taken.
 */
export function gatewaySpec(args: GrafanaGatewayArgs) {
  const { host: hostname, className: gatewayClassName, tlsOptions, tlsSecretName = "grafana-tls" } = args;
  const common = { hostname, allowedRoutes: { namespaces: { from: "Same" } } };
  const certificate = tlsOptions ? { options: tlsOptions } : { certificateRefs: [{ name: tlsSecretName }] };
  return {
    gatewayClassName,
    listeners: [
      { name: "http", port: 80, protocol: "HTTP", ...common },
      { name: "https", port: 443, protocol: "HTTPS", ...common, tls: { mode: "Terminate", ...certificate } },
    ],
  };
}

/** Specs of the two HTTPRoutes: to the Service from HTTPS, and from HTTP to HTTPS; pure. */
export function routeSpecs(
  host: pulumi.Input<string>,
  service: { name: pulumi.Input<string>; namespace: pulumi.Input<string>; port: number },
) {
  const redirect = { type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } };
  const from = (sectionName: string) => ({ parentRefs: [{ name, sectionName }], hostnames: [host] });
  return {
    grafana: { ...from("https"), rules: [{ backendRefs: [service] }] },
    "grafana-redirect": { ...from("http"), rules: [{ filters: [redirect] }] },
  };
}

/**
 * The Gateway, its routes and their namespace.
 *
 * The namespace enforces Pod Security *baseline*, and has no network policies: the pods in it are those of the class and of
 * cert-manager's solver, and serve everybody.
 *
 * @returns namespace of the pods that forward the requests
 */
export function grafanaGateway(
  objects: PartObjects,
  args: GrafanaGatewayArgs,
  service: { name: pulumi.Input<string>; port: number },
): pulumi.Input<string> {
  const { name: logicalName, namespace: grafanaNamespace, parent } = objects;
  const { labels } = objects.part;
  const made = new Namespace(
    `${logicalName}-gateway`,
    {
      metadata: {
        name: args.namespaceName ?? name,
        labels: {
          ...labels,
          "pod-security.kubernetes.io/enforce": "baseline",
          "pod-security.kubernetes.io/enforce-version": podSecurityVersion,
        },
      },
    },
    { parent },
  );
  const namespace = made.metadata.name;
  const custom = (
    suffix: string,
    object: { apiVersion: string; kind: string; spec: object },
    metadata: object,
  ) =>
    new CustomResource(
      `${logicalName}-${suffix}`,
      { ...object, metadata: { labels, ...metadata } },
      { parent },
    );

  if (args.serviceAccountAnnotations !== undefined) {
    const workloadIdentity = { "azure.workload.identity/use": "true" };
    const metadata = { name, namespace, labels: { ...labels, ...workloadIdentity } };
    new ServiceAccount(
      `${logicalName}-gateway`,
      {
        metadata: { ...metadata, annotations: args.serviceAccountAnnotations },
        automountServiceAccountToken: false,
      },
      { parent },
    );
  }
  const { clusterIssuer } = args;
  custom(
    "gateway",
    { apiVersion: `${group}/v1`, kind: "Gateway", spec: gatewaySpec(args) },
    {
      ...{ name, namespace },
      ...(clusterIssuer !== undefined && {
        annotations: { "cert-manager.io/cluster-issuer": clusterIssuer },
      }),
    },
  );
  const routes = routeSpecs(args.host, { ...service, namespace: grafanaNamespace });
  for (const [route, spec] of Object.entries(routes)) {
    const suffix = route.replace(/^grafana/, "route");
    custom(suffix, { apiVersion: `${group}/v1`, kind: "HTTPRoute", spec }, { name: route, namespace });
  }
  const grant = {
    from: [{ group, kind: "HTTPRoute", namespace }],
    to: [{ group: "", kind: "Service", name: service.name }],
  };
  custom(
    "grant",
    { apiVersion: `${group}/v1beta1`, kind: "ReferenceGrant", spec: grant },
    { name, namespace: grafanaNamespace },
  );
  return args.controllerNamespace ?? namespace;
}
