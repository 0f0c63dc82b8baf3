import * as pulumi from "@pulumi/pulumi";
import { Alertmanager } from "./alertmanager/alertmanager";
import { influxDbAlert } from "./alerts/influxDbUnreachable";
import { connectionFromOutput, type MonitoringConnection } from "./connection";
import { FluentdAggregator } from "./fluentd/aggregator";
import type { MonitoringArgs } from "./monitoringArgs";
import {
  defaultRunbooks,
  deployDashboards,
  deployStore,
  influxDbUsers,
  namespaceOf,
} from "./monitoringParts";
import {
  type AlertmanagerEndpoint,
  deployedEndpoint,
  type Endpoint,
  existingEndpoint,
  type ExistingService,
} from "./platform/endpoints";
import { type Part, parts } from "./platform/parts";
import { otlpUrl, Telegraf } from "./telegraf/telegraf";

/**
 * The monitoring platform: Fluentd collects the logs of every app, InfluxDB stores them as metrics, Grafana shows them,
 * Alertmanager sends mails about faults.
 *
 * @example
 * const platform = new Monitoring("monitoring", {
 *   environment: "dev",
 *   alertmanager: {
 *     deploy: { email: { smarthost: "smtp.example.com:587", from: "m@example.com", to: ["team@example.com"] } },
 *   },
 * });
 * export const monitoring = platform.connection;
 *
 * @throws Error naming the argument and the fix, e.g. no recipient of mails, an impossible threshold of an alert, too few
 * days of raw events for the rollups, an invalid URL
 */
export class Monitoring extends pulumi.ComponentResource {
  /** What applications need to know; export it for other stacks. */
  public readonly connection: MonitoringConnection;
  /** URL under which people reach Grafana. */
  public readonly grafanaUrl: pulumi.Output<string>;
  /** Password of Grafana's user `admin`; undefined for an existing Grafana. Secret. */
  public readonly grafanaAdminPassword?: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Monitoring", name, {}, opts);

    const { environment, protect = true, grafana = { deploy: {} }, influxDb = { deploy: {} } } = args;
    const parent = { parent: this };
    const namespace = namespaceOf(name, args, this);
    const endpoint = (part: Part, existing: ExistingService | undefined): Endpoint =>
      existing === undefined ? deployedEndpoint(part, namespace) : existingEndpoint(existing);
    const authorization = args.alertmanager.existing?.authorization;
    const alertmanager: AlertmanagerEndpoint = {
      ...endpoint(parts.alertmanager, args.alertmanager.existing),
      authorization: authorization === undefined ? undefined : pulumi.secret(authorization),
    };
    const host = (grafana.deploy?.gateway ?? grafana.deploy?.ingress)?.host;
    this.grafanaUrl = pulumi.output(
      grafana.deploy?.externalUrl ??
        (host && pulumi.interpolate`https://${host}`) ??
        endpoint(parts.grafana, grafana.existing).url,
    );
    const store = endpoint(parts.influxDb, influxDb.existing);
    const users = influxDbUsers(name, args, store, this);
    const { imageRegistry, nodeSelector, tolerations } = args;
    const part = { namespace, pods: { imageRegistry, nodeSelector, tolerations } };
    const platform = { name, args, part, alertmanager, users, grafanaUrl: this.grafanaUrl, protect };

    if (args.alertmanager.deploy !== undefined) {
      new Alertmanager(
        `${name}-alertmanager`,
        { ...args.alertmanager.deploy, ...part, grafanaUrl: this.grafanaUrl, protect },
        parent,
      );
    }
    deployStore(platform, influxDb, store, this);
    const aggregator = new FluentdAggregator(
      `${name}-fluentd-aggregator`,
      { ...args.fluentdAggregator, ...part, environment, influxDb: users.fluentd, protect },
      parent,
    );
    new Telegraf(
      `${name}-telegraf`,
      {
        ...args.telegraf,
        ...part,
        environment,
        apiServerPorts: args.apiServerPorts,
        cilium: args.cilium,
        influxDb: users.telegraf,
        influxDbMetrics: influxDb.existing?.credentials === undefined,
        fluentdUrls: aggregator.monitorUrls,
        alertmanager,
        influxDbAlert: pulumi
          .all([environment, this.grafanaUrl, args.runbookBaseUrl ?? defaultRunbooks])
          .apply(([of, grafanaUrl, runbookBaseUrl]) =>
            influxDbAlert({ environment: of, grafanaUrl, runbookBaseUrl }),
          ),
      },
      parent,
    );
    this.grafanaAdminPassword = deployDashboards(platform, grafana, this);

    this.connection = {
      namespace,
      environment,
      ...(imageRegistry !== undefined && { imageRegistry }),
      fluentdHost: aggregator.host,
      fluentdPort: aggregator.port,
      fluentdSharedKey: aggregator.sharedKey,
      ...(aggregator.caCertificate && { fluentdCaCertificate: aggregator.caCertificate }),
      influxDbUrl: store.url,
      influxDbPodPort: influxDb.existing?.podPort,
      influxDbUsername: users.apps?.username,
      influxDbPassword: users.apps?.password,
      grafanaUrl: this.grafanaUrl,
      grafanaReadsConfigMaps: grafana.deploy !== undefined,
      ...(args.telegraf?.otlp && { otlpUrl: otlpUrl(namespace) }),
      readsPodMetrics: args.telegraf?.podMetrics !== undefined,
    };
    this.registerOutputs({ connection: this.connection, grafanaUrl: this.grafanaUrl });
  }

  /**
   * The connection that another stack exports.
   *
   * @param stack the platform's stack, as `organization/project/stack`, or a reference to it
   * @param output name of the output that holds the connection
   * @throws Error when the output is not there, or a part of it
   *
   * @example
   * const monitoring = Monitoring.fromStack("acme/ds-monitoring/prod");
   */
  public static fromStack(
    stack: string | pulumi.StackReference,
    output = "monitoring",
  ): MonitoringConnection {
    const reference = typeof stack === "string" ? new pulumi.StackReference(stack) : stack;
    return connectionFromOutput(
      reference.getOutput(output),
      pulumi.interpolate`output "${output}" of stack ${reference.name}`,
    );
  }
}
