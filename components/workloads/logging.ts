import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { LogSource } from "../../contract/formats";
import { connectionOf, type MonitoringConnection } from "../connection";
import type { LoggingReferences } from "../fluentd/sidecar";
import { checkSources, renderSidecarConfig } from "../fluentd/sidecarConfig";
import { type AppNamespace, appNamespace } from "./namespace";

/** Arguments of {@link Logging}. */
export interface LoggingArgs {
  /** The platform that the logs go to. */
  monitoring: pulumi.Input<MonitoringConnection>;
  /** Namespace of the pods: an {@link AppNamespace}, or the name of a namespace that exists. */
  namespace: AppNamespace | pulumi.Input<string>;
  /** Name of the service, for lines that don't name it; the tag `service`. */
  service: pulumi.Input<string>;
  /**
   * Version of the service, for lines that don't name it.
   * @default none
   */
  serviceVersion?: pulumi.Input<string>;
  /**
   * Log files and their formats, besides the *.events.log of the helper `ds_monitoring`.
   * @default every other *.log file, its format found out line by line
   */
  logs?: LogSource[];
}

/**
 * The configuration of the logging sidecar of one kind of pod, for {@link withLogging}.
 *
 * A changed configuration gets a new name, and with it the pods are rolled.
 *
 * @throws Error naming the source, and the sample that its format does not match
 */
export class Logging extends pulumi.ComponentResource implements LoggingReferences {
  /** Name of the ConfigMap that holds `fluent.conf`. */
  public readonly configMapName: pulumi.Output<string>;
  /** Name of the Secret that holds `sharedKey`. */
  public readonly sharedKeySecretName: pulumi.Output<string>;
  /** Registry of the sidecar's image; undefined for Docker Hub. */
  public readonly imageRegistry?: pulumi.Input<string | undefined>;

  constructor(name: string, args: LoggingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Logging", name, {}, opts);

    checkSources(args.logs ?? []);
    const { fluentdHost, fluentdPort, fluentdCaCertificate, environment, imageRegistry } = connectionOf(
      args.monitoring,
      `Logging "${name}": monitoring`,
    );
    const namespace = appNamespace(name, args.namespace, args.monitoring, this);
    const config = pulumi
      .all([fluentdHost, fluentdPort, fluentdCaCertificate, environment, args.service, args.serviceVersion])
      .apply(([host, port, caCertificate, known, service, version]) =>
        renderSidecarConfig({
          service: { name: service, environment: known, version },
          aggregator: { host, port, caCertificate },
          sources: args.logs,
        }),
      );
    const configMap = new ConfigMap(
      name,
      { metadata: { namespace: namespace.namespaceName }, immutable: true, data: config },
      { parent: this },
    );

    this.configMapName = configMap.metadata.name;
    this.sharedKeySecretName = namespace.sharedKeySecretName;
    this.imageRegistry = imageRegistry;
    this.registerOutputs({
      configMapName: this.configMapName,
      sharedKeySecretName: this.sharedKeySecretName,
    });
  }
}
