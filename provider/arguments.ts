import * as pulumi from "@pulumi/pulumi";
import { type Flow, type PolicyPeer, namespaceNamed } from "../components/kubernetes/networkPolicies";
import { type ContainerResources, resources } from "../components/kubernetes/resources";
import { type LogFormat, type LogSource, builtInFormats } from "../contract/formats";
import { connectionFromOutput, type MonitoringConnection } from "../components/connection";
import type * as library from "../components/monitoring";
import type * as modelApi from "../components/workloads/modelApi";
import type * as pipeline from "../components/workloads/pipeline";
import type {
  Compute,
  Egress,
  LogFiles,
  ModelApiArgs,
  MonitoringArgs,
  PipelineArgs,
  StoredPart,
} from "./declarations";

// From the arguments that other languages write to those of the library. What schema.ts checks already is taken for
// granted here.

/** The library's arguments of Monitoring. */
export function monitoringArgs(args: MonitoringArgs): library.MonitoringArgs {
  const { alertmanager, influxDb, grafana, fluentdAggregator, ...same } = args;
  return {
    ...same,
    alertmanager: choice("alertmanager", alertmanager, ({ email, ...part }) => ({
      email,
      ...storedPart(part),
    })),
    influxDb: influxDb && choice("influxDb", influxDb, storedPart),
    grafana:
      grafana &&
      choice("grafana", grafana, (deployed) => ({ ...deployed, resources: compute(deployed.resources) })),
    fluentdAggregator: fluentdAggregator && {
      replicas: fluentdAggregator.replicas,
      ...storedPart(fluentdAggregator),
    },
  };
}

/** The library's arguments of ModelApi. */
export function modelApiArgs(name: string, args: ModelApiArgs): modelApi.ModelApiArgs {
  const { callerNamespaces, ...same } = args;
  return {
    ...same,
    monitoring: connection(`ModelApi "${name}": monitoring`, args.monitoring),
    resources: compute(args.resources),
    logs: logSources(args.logs),
    callers: callerNamespaces && callers(callerNamespaces),
    egress: flows(args.egress),
  };
}

/** The library's arguments of Pipeline. */
export function pipelineArgs(name: string, args: PipelineArgs): pipeline.PipelineArgs {
  return {
    ...args,
    monitoring: connection(`Pipeline "${name}": monitoring`, args.monitoring),
    steps: args.steps.map((step) => ({ ...step, resources: compute(step.resources) })),
    logs: logSources(args.logs),
    egress: flows(args.egress),
  };
}

function connection(origin: string, given: pulumi.Input<MonitoringConnection>): MonitoringConnection {
  return connectionFromOutput(pulumi.output(given), origin);
}

/** Exactly one of the two, which the types of other languages can't say. */
function choice<From, Deploy, Existing>(
  key: string,
  given: { deploy?: From; existing?: Existing },
  deployed: (from: From) => Deploy,
): library.DeployedOrExisting<Deploy, Existing> {
  const { deploy, existing } = given;
  if (deploy !== undefined && existing === undefined) return { deploy: deployed(deploy) };
  if (existing !== undefined && deploy === undefined) return { existing };
  throw new pulumi.InputPropertyError({
    propertyPath: key,
    reason:
      deploy === undefined
        ? `is empty: give it "deploy" for a new one, or "existing" for one that somebody else runs`
        : `has both "deploy" and "existing": leave one of them out`,
  });
}

function compute(given: Compute | undefined): ContainerResources | undefined {
  return given && resources(given);
}

function storedPart({ storage, resources: given }: StoredPart) {
  return { storage, resources: compute(given) };
}

const formatNames = ["auto", "json", ...Object.keys(builtInFormats)];

function logSources(logs: LogFiles[] | undefined): LogSource[] | undefined {
  return logs?.map(({ path, format, text }, index) => {
    const refuse = (reason: string) =>
      new pulumi.InputPropertyError({ propertyPath: `logs[${index}].format`, reason });
    if (format !== undefined && text !== undefined) {
      throw refuse(`excludes "text": leave one of them out`);
    }
    if (format !== undefined && !formatNames.includes(format)) {
      throw refuse(
        `"${format}" is not known: one of ${formatNames.join(", ")}, or a format of your own in "text"`,
      );
    }
    return { path, format: text ?? (format as LogFormat | undefined) };
  });
}

function callers(namespaces: string[]): PolicyPeer[] {
  const others = namespaces.map((name) => ({ namespaceSelector: namespaceNamed(name) }));
  return [{ podSelector: {} }, ...others];
}

function flows(egress: Egress[] | undefined): Flow[] | undefined {
  return egress?.map(({ cidr, ports }) => ({
    peers: [{ ipBlock: { cidr } }],
    ports: ports.map((port) => ({ port })),
  }));
}
