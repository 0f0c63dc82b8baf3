/** Compute that a container asks for and may use at most, as Kubernetes quantities. */
export interface ContainerResources {
  /** What the scheduler sets aside. */
  requests: ComputeQuantities;
  /** What the container may use at most: CPU beyond it is throttled, memory beyond it ends the container. */
  limits: ComputeQuantities;
}

/** An amount of CPU and memory. */
export type ComputeQuantities = {
  /** CPU in cores, e.g. `250m`. */
  cpu: string;
  /** Memory, e.g. `256Mi`. */
  memory: string;
};

/** {@link ContainerResources} from four quantities. */
export function resources(options: {
  cpu: string;
  cpuLimit: string;
  memory: string;
  memoryLimit: string;
}): ContainerResources {
  return {
    requests: { cpu: options.cpu, memory: options.memory },
    limits: { cpu: options.cpuLimit, memory: options.memoryLimit },
  };
}
