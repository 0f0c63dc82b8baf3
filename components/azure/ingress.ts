import type { GrafanaIngressArgs } from "../grafana/grafana";

/** Class of the managed ingress controller of AKS (application routing), and the namespace of its pods. */
const managedIngress = {
  className: "webapprouting.kubernetes.azure.com",
  controllerNamespace: "app-routing-system",
} as const;

/**
 * Grafana's ingress by the managed ingress controller of AKS, which `ingressController` of {@link AksCluster} installs.
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
