import type { input as inputs } from "@pulumi/kubernetes/types";

/** Compute that a container requests and may use at most, from four Kubernetes quantities. */
export function resources(options: { cpu: string; cpuLimit: string; memory: string; memoryLimit: string }) {
  return {
    requests: { cpu: options.cpu, memory: options.memory },
    limits: { cpu: options.cpuLimit, memory: options.memoryLimit },
  } satisfies inputs.core.v1.ResourceRequirements;
}
