import * as pulumi from "@pulumi/pulumi";
import { podTemplatePaths } from "../kubernetes/podTemplates";
import { type LoggedPodSpec, type LoggingReferences, withLogging } from "../fluentd/sidecar";

/**
 * {@link withLogging} for pods of a chart, or of a component that you can't change: a transform for the option `transforms` of
 * `kubernetes.helm.v4.Chart`, `kubernetes.yaml.v2.ConfigGroup`, or any component.
 *
 * It does not reach a `kubernetes.helm.v3.Release`: Helm itself creates those objects, and Pulumi sees none of them.
 *
 * @param logging a {@link Logging} of the pods' namespace
 * @param selector which workloads; default all. `kinds`: e.g. `["Deployment"]`; `matchLabels`: labels that the workload's
 * own metadata has, e.g. `{ "app.kubernetes.io/component": "server" }`
 * @throws Error during the run, when a pod already has a container or volume of a name that is added
 *
 * @example
 * new helm.v4.Chart("shop", { chart, namespace }, { transforms: [loggingTransform(logging)] });
 */
export function loggingTransform(
  logging: LoggingReferences,
  selector: { kinds?: readonly string[]; matchLabels?: Readonly<Record<string, string>> } = {},
): pulumi.ResourceTransform {
  return ({ type, props, opts }) => {
    const kind = type.startsWith("kubernetes:") ? (type.split(":").at(-1) ?? "") : "";
    const path = podTemplatePaths[kind];
    if (path === undefined || !(selector.kinds ?? [kind]).includes(kind)) return undefined;
    const spec = pulumi
      .all([pulumi.output(props.metadata as Metadata | undefined), pulumi.output(props.spec as object)])
      .apply(([metadata, value]) =>
        hasLabels(metadata, selector.matchLabels ?? {})
          ? pulumi.output(changedAt(value, path, (pod) => withLogging(pod as LoggedPodSpec, logging)))
          : pulumi.output(value),
      );
    return { props: { ...props, spec }, opts };
  };
}

interface Metadata {
  labels?: Record<string, string>;
}

function hasLabels(metadata: Metadata | undefined, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata?.labels?.[key] === value);
}

/** A copy of `value` in which `change` was applied at `path`. */
function changedAt(value: object, path: readonly string[], change: (inner: object) => object): object {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  const inner = (value as Record<string, object | undefined>)[key];
  if (inner === undefined) throw new Error(`loggingTransform: the workload's spec has no ${path.join(".")}`);
  return { ...value, [key]: changedAt(inner, rest, change) };
}
