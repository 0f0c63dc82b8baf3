import { conditionsOf, type KubernetesObject } from "./objects";

/** Whether an object has become what it should, or what it still lacks. */
export type Readiness =
  | { ready: true }
  | {
      ready: false;
      /** What is missing, in one line. */
      reason: string;
      /** Waiting longer is of no use. @default false */
      final?: boolean;
    };

const readyState: Readiness = { ready: true };

function waiting(reason: string): Readiness {
  return { ready: false, reason };
}

function failed(reason: string): Readiness {
  return { ready: false, reason, final: true };
}

interface WorkloadSpec {
  replicas?: number;
  paused?: boolean;
  suspend?: boolean;
  type?: string;
  clusterIP?: string;
  selector?: Record<string, unknown>;
  updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
}

interface WorkloadStatus {
  observedGeneration?: number;
  phase?: string;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  currentRevision?: string;
  updateRevision?: string;
  desiredNumberScheduled?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
}

interface Workload {
  object: KubernetesObject;
  spec: WorkloadSpec;
  status: WorkloadStatus;
}

function condition(object: KubernetesObject, type: string) {
  return conditionsOf(object).find((candidate) => candidate.type === type);
}

function explain({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message].filter((part) => part).join(": ");
}

function deployment({ object, spec, status }: Workload): Readiness {
  if (spec.paused) return readyState;
  const progressing = condition(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed(explain(progressing));
  const { replicas: wanted = 1 } = spec;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} of ${wanted} replicas updated`);
  if (replicas > updatedReplicas)
    return waiting(`${replicas - updatedReplicas} old replicas are still running`);
  if (availableReplicas < wanted) return waiting(`${availableReplicas} of ${wanted} replicas available`);
  return readyState;
}

function replicaSet({ spec, status }: Workload): Readiness {
  const { replicas: wanted = 1 } = spec;
  const { availableReplicas = 0 } = status;
  return availableReplicas >= wanted
    ? readyState
    : waiting(`${availableReplicas} of ${wanted} replicas available`);
}

function statefulSet({ spec, status }: Workload): Readiness {
  const { replicas: wanted = 1, updateStrategy } = spec;
  const { readyReplicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = status;
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} replicas ready`);
  if (updateStrategy?.type === "OnDelete") return readyState;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0) {
    const updating = Math.max(wanted - partition, 0);
    return updatedReplicas >= updating
      ? readyState
      : waiting(`${updatedReplicas} of ${updating} replicas updated`);
  }
  return currentRevision === updateRevision
    ? readyState
    : waiting(`${updatedReplicas} of ${wanted} replicas updated`);
}

function daemonSet({ spec, status }: Workload): Readiness {
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status;
  if (spec.updateStrategy?.type !== "OnDelete" && updatedNumberScheduled < wanted) {
    return waiting(`${updatedNumberScheduled} of ${wanted} nodes updated`);
  }
  return numberAvailable >= wanted
    ? readyState
    : waiting(`available on ${numberAvailable} of ${wanted} nodes`);
}

function job({ object, spec }: Workload): Readiness {
  if (spec.suspend || condition(object, "Complete")?.status === "True") return readyState;
  const failure = condition(object, "Failed");
  if (failure?.status === "True") return failed(`the job failed: ${explain(failure)}`);
  return waiting("the job has not completed");
}

function pod({ object, status }: Workload): Readiness {
  if (status.phase === "Succeeded" || condition(object, "Ready")?.status === "True") return readyState;
  if (status.phase === "Failed") return failed(`the pod failed: ${explain(status as { reason?: string })}`);
  return waiting(`the pod is ${status.phase ?? "Pending"}, not ready`);
}

function inPhase(phase: string): (workload: Workload) => Readiness {
  return ({ status }) =>
    status.phase === phase ? readyState : waiting(`the phase is ${status.phase ?? "unset"}, not ${phase}`);
}

function withCondition(type: string): (workload: Workload) => Readiness {
  return ({ object }) => {
    const found = condition(object, type);
    return found?.status === "True"
      ? readyState
      : waiting(found ? explain(found) : `the condition ${type} is unset`);
  };
}

const rules: Record<string, (workload: Workload) => Readiness> = {
  APIService: withCondition("Available"),
  CustomResourceDefinition: withCondition("Established"),
  DaemonSet: daemonSet,
  Deployment: deployment,
  Job: job,
  Namespace: inPhase("Active"),
  Pod: pod,
  ReplicaSet: replicaSet,
  StatefulSet: statefulSet,
};

/** Kinds whose controller says with `status.observedGeneration` whether it has seen the last change. */
const observing = new Set(["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]);

/** Tells from the object alone whether it is ready. Kinds without a rule are ready at once. */
export function readinessOf(object: KubernetesObject): Readiness {
  const rule = rules[object.kind];
  if (!rule) return readyState;
  const spec = (object.spec ?? {}) as WorkloadSpec;
  const status = (object.status ?? {}) as WorkloadStatus;
  if (observing.has(object.kind) && (status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) {
    return waiting("the controller has not seen the last change yet");
  }
  return rule({ object, spec, status });
}

/**
 * A claim is ready when it is bound, or when its storage class binds only for a first consumer.
 * @param bindingMode the `volumeBindingMode` of the claim's storage class, if it has one
 */
export function claimReadiness(claim: KubernetesObject, bindingMode: string | undefined): Readiness {
  const { phase } = (claim.status ?? {}) as WorkloadStatus;
  if (phase === "Bound") return readyState;
  if (phase === "Lost") return failed("the claim has lost its volume");
  return bindingMode === "WaitForFirstConsumer"
    ? readyState
    : waiting(`the claim is ${phase ?? "Pending"}, not bound`);
}

/** Whether a service has to wait for endpoints: not without a selector, nor headless, nor as an external name. */
export function needsEndpoints(service: KubernetesObject): boolean {
  const { type, clusterIP, selector = {} } = (service.spec ?? {}) as WorkloadSpec;
  return type !== "ExternalName" && clusterIP !== "None" && Object.keys(selector).length > 0;
}

/** A service is ready when one address behind it is. */
export function serviceReadiness(endpointSlices: readonly KubernetesObject[]): Readiness {
  const endpoints = endpointSlices.flatMap(
    (slice) => (slice.endpoints as { conditions?: { ready?: boolean } }[] | undefined) ?? [],
  );
  if (endpoints.some(({ conditions }) => conditions?.ready !== false)) return readyState;
  return waiting(
    endpoints.length === 0
      ? "the service's selector matches no pod"
      : `none of the service's ${endpoints.length} endpoints is ready`,
  );
}
