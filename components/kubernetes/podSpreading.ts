import type { input as inputs } from "@pulumi/kubernetes/types";

/** Replicas go to different nodes where there are some: the loss of one node then takes one of them. */
export function spreadOverNodes(
  podLabels: Record<string, string>,
): inputs.core.v1.TopologySpreadConstraint[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: podLabels },
    },
  ];
}
