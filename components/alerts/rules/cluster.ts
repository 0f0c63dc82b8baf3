import { measurements } from "../../../contract/measurements";
import { thresholds } from "../../../contract/thresholds";
import { anyOf } from "../../influxdb/flux";
import { ago, ofList, type RuleDefinition, samplesOf } from "./define";

/** A rule on what the Kubernetes API says of one kind of object. */
interface Problem extends Pick<RuleDefinition, "name" | "severity" | "summary" | "description"> {
  /** Kind of the object. */
  kind: string;
  /** Kubernetes' reasons; see `components/telegraf/problemsScript.ts`. */
  reasons: readonly string[];
  /**
   * It fires where the problem is older than this, in seconds.
   * @default 0
   */
  seconds?: number;
  /** Where it is an event, not a state: seconds for which it is reported. */
  reportedSeconds?: number;
  sendsEnd?: boolean;
  /** About one run of a pipeline, which is the object. */
  ofRun?: boolean;
  inhibitedBy?: readonly string[];
}

const object = "{name} in {namespace}";

const problems: readonly Problem[] = [
  {
    name: "JobFailed",
    severity: "critical",
    kind: "Job",
    reasons: ["JobFailed"],
    reportedSeconds: thresholds.runAlertSeconds,
    ofRun: true,
    inhibitedBy: ["TrainingRunFailed"],
    summary: "Job {run} of {service} failed",
    description:
      "Kubernetes gave the Job {run} in {namespace} up: {message}. What it should have made, a model or a backup, is not there. The alert ends when a later Job of its CronJob succeeds.",
  },
  {
    name: "CronJobMissed",
    severity: "critical",
    kind: "CronJob",
    reasons: ["Missed", "Suspended"],
    ofRun: true,
    summary: "{run} did not begin: {value} late",
    description:
      "The CronJob {run} in {namespace} was due {value} ago, and no Job of it has begun since: {message}. The alert ends with its next run.",
  },
  {
    name: "PodNotStarting",
    severity: "critical",
    kind: "Pod",
    reasons: [
      "Unschedulable",
      ...["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"],
      ...["CreateContainerConfigError", "CreateContainerError", "RunContainerError"],
    ],
    seconds: 300,
    inhibitedBy: ["ApiUnreachable"],
    summary: "{service}: a pod cannot start: {reason}",
    description: `The pod ${object} has not started for {value}: {reason}. {message}`,
  },
  {
    name: "PodNotReady",
    severity: "warning",
    kind: "Pod",
    reasons: ["NotReady", "Terminating"],
    seconds: 900,
    inhibitedBy: ["ApiUnreachable", "PodNotStarting", "ContainerRestarting", "DeploymentStuck"],
    summary: "{service}: a pod is not ready for {value}",
    description: `The pod ${object} has been {reason} for {value}: {message}. Others of {service} may still answer.`,
  },
  {
    name: "ContainerOutOfMemory",
    severity: "warning",
    kind: "Pod",
    reasons: ["OOMKilled"],
    reportedSeconds: 3600,
    sendsEnd: false,
    summary: "{service}: a container ran out of memory",
    description: `The kernel killed the container {message} of ${object} {value} ago: it reached its memory limit. A run in it is lost.`,
  },
  {
    name: "PodEvicted",
    severity: "warning",
    kind: "Pod",
    reasons: ["Evicted", "NodeLost", "NodeShutdown", "Terminated", "Preempting", "UnexpectedAdmissionError"],
    reportedSeconds: 3600,
    sendsEnd: false,
    summary: "{service}: a pod was taken off its node: {reason}",
    description: `The pod ${object} ended {value} ago: {reason}. {message}`,
  },
  {
    name: "DeploymentStuck",
    severity: "warning",
    kind: "Deployment",
    reasons: ["ProgressDeadlineExceeded"],
    inhibitedBy: ["ApiUnreachable", "PodNotStarting", "ContainerRestarting"],
    summary: "The roll-out of {service} does not get on",
    description: `New pods of the Deployment ${object} do not become ready: {message}. The old ones still answer.`,
  },
  {
    name: "AutoscalerAtMaximum",
    severity: "warning",
    kind: "HorizontalPodAutoscaler",
    reasons: ["TooManyReplicas"],
    seconds: 900,
    summary: "{service} has had its largest number of replicas for {value}",
    description: `The autoscaler ${object} wants more replicas than it may have: {message}. Latency grows with the load.`,
  },
  {
    name: "ClaimNotBound",
    severity: "warning",
    kind: "PersistentVolumeClaim",
    reasons: ["ClaimPending", "ClaimLost"],
    seconds: 300,
    inhibitedBy: ["PodNotStarting"],
    summary: "{service}: the volume {name} is not there",
    description: `The claim ${object} has no volume ({reason}): the pod that needs it waits.`,
  },
  {
    name: "NodeNotReady",
    severity: "warning",
    kind: "Node",
    reasons: ["NodeNotReady"],
    seconds: 300,
    summary: "Node {name} is not ready for {value}",
    description:
      "Its kubelet does not answer: {message}. Its pods are moved after some minutes; runs in them are lost.",
  },
  {
    name: "NodePressure",
    severity: "warning",
    kind: "Node",
    reasons: ["MemoryPressure", "DiskPressure", "PIDPressure"],
    seconds: 120,
    summary: "Node {name}: {reason}",
    description: "The node {name} runs short ({reason}): {message}. The kubelet evicts pods from it.",
  },
  {
    name: "QuotaFull",
    severity: "warning",
    kind: "ResourceQuota",
    reasons: ["QuotaFull"],
    summary: "The quota {name} of {namespace} is used up",
    description: "No further pod of {namespace} starts that needs {message}: roll-outs and runs wait.",
  },
];

/** Does Kubernetes run what it should? One measurement holds all that is wrong, so a rule is a kind and its reasons. */
export const clusterRules: readonly RuleDefinition[] = problems.map(
  ({ kind, reasons, seconds = 0, ofRun = false, ...rule }) => {
    const name = ofRun ? "run" : "name";
    return {
      ...rule,
      everySeconds: 30,
      source: ofList(kind),
      query: `${samplesOf(measurements.kubernetesProblem, ["seconds", "message"], ago("75s"))}
    |> filter(fn: (r) => r.kind == "${kind}" and ${anyOf("reason", reasons)})
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({
        service: if exists r.service then r.service else "kubernetes", environment: r.environment, namespace: r.namespace,
        ${name}: r.name, reason: r.reason, message: r.message,
        _time: date.sub(d: duration(v: int(v: r.seconds) * int(v: 1s)), from: r._time), _value: r.seconds + 0.001,
    }))`,
      labels: ["service", "environment", "namespace", name, "reason"],
      details: ["message"],
      ...(ofRun && { routing: "run" }),
      threshold: seconds,
      unit: "seconds",
      dashboard: "resourcesAndCost",
    };
  },
);
