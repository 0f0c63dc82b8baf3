import type * as pulumi from "@pulumi/pulumi";
import { gatewayName, type GrafanaGatewayArgs } from "../grafana/gateway";
import type { GrafanaIngressArgs } from "../grafana/ingress";

/** Class of the managed ingress controller of AKS (application routing), and the namespace of its pods. */
const managedIngress = {
  className: "webapprouting.kubernetes.azure.com",
  controllerNamespace: "app-routing-system",
} as const;

/**
 * Grafana's ingress by the managed ingress controller of AKS, which `ingressController` of {@link AksCluster} installs.
 * Microsoft supports it until November 2026; its successor is {@link aksGateway}.
 *
 * @param args whatever is to differ from it, and the host name
 *
 * @example
 * const grafana = { deploy: { ingress: aksIngress({ host: "grafana.example.com" }) } };
 */
export function aksIngress(
  args: Omit<GrafanaIngressArgs, "controllerNamespace"> & Partial<GrafanaIngressArgs>,
): GrafanaIngressArgs {
  return { ...managedIngress, ...args };
}

/** A certificate in Key Vault, and the identity that reads it. */
export interface KeyVaultCertificateArgs {
  /** URI without a version, so that renewals are followed: `https://VAULT.vault.azure.net/certificates/NAME`. */
  certificateUri: pulumi.Input<string>;
  /**
   * Client id of a managed identity with the role "Key Vault Secrets User" on the vault, and with a federated credential for
   * `system:serviceaccount:grafana-gateway:grafana-gateway`.
   */
  clientId: pulumi.Input<string>;
}

/**
 * Grafana's gateway by application routing of AKS, GatewayClass `approuting-istio`.
 *
 * @param args the host name, whatever is to differ, and with `keyVault` a certificate that AKS keeps up to date
 *   (learn.microsoft.com/azure/aks/app-routing-gateway-api-dns-tls)
 *
 * @example
 * const gateway = aksGateway({ host: "grafana.example.com", clusterIssuer: "letsencrypt" });
 * const grafana = { deploy: { gateway } };
 */
export function aksGateway({
  keyVault,
  ...args
}: Omit<GrafanaGatewayArgs, "className"> & { keyVault?: KeyVaultCertificateArgs }): GrafanaGatewayArgs {
  return {
    className: "approuting-istio",
    ...(keyVault && {
      tlsOptions: {
        "kubernetes.azure.com/tls-cert-keyvault-uri": keyVault.certificateUri,
        "kubernetes.azure.com/tls-cert-service-account": gatewayName,
      },
      serviceAccountAnnotations: { "azure.workload.identity/client-id": keyVault.clientId },
    }),
    ...args,
  };
}
