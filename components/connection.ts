import * as pulumi from "@pulumi/pulumi";

/**
 * What an application needs to know of a monitoring platform: the contract between the platform's stack, which exports
 * it, and the stacks of the application teams.
 */
export interface MonitoringConnection {
  /** Namespace of the platform. */
  namespace: pulumi.Input<string>;
  /** Deployment environment, e.g. `prod`; the value of the tag `environment`. */
  environment: pulumi.Input<string>;
  /**
   * Registry of the logging sidecar's image.
   * @default Docker Hub
   */
  imageRegistry?: pulumi.Input<string | undefined>;
  /** Host name of the Fluentd aggregator, as seen from any namespace of the cluster. */
  fluentdHost: pulumi.Input<string>;
  /** Port of the aggregator's forward input. */
  fluentdPort: pulumi.Input<number>;
  /** The key that a logging sidecar sends to the aggregator. Secret. */
  fluentdSharedKey: pulumi.Input<string>;
  /**
   * Certificate of the CA that signs the aggregator's, in PEM.
   * @default none: the aggregator does not speak TLS
   */
  fluentdCaCertificate?: pulumi.Input<string | undefined>;
  /** Base URL of InfluxDB. */
  influxDbUrl: pulumi.Input<string>;
  /**
   * Port of InfluxDB's pods, where that of an existing InfluxDB's URL is its Service's.
   * @default the port of `influxDbUrl`
   */
  influxDbPodPort?: pulumi.Input<number | undefined>;
  /**
   * User of InfluxDB that reads the raw events.
   * @default none: `driftCheck` and `readsEvents` of apps are not possible
   */
  influxDbUsername?: pulumi.Input<string>;
  /**
   * Its password. Secret.
   * @default none
   */
  influxDbPassword?: pulumi.Input<string>;
  /** Base URL of Grafana. */
  grafanaUrl: pulumi.Input<string>;
  /**
   * Whether Grafana reads the dashboards of apps from ConfigMaps of their namespaces, as a deployed one does.
   * @default true
   */
  grafanaReadsConfigMaps?: pulumi.Input<boolean>;
  /**
   * Whether Telegraf reads the Prometheus endpoints of pods.
   * @default false
   */
  readsPodMetrics?: pulumi.Input<boolean>;
  /**
   * URL to which apps send OpenTelemetry's protocol (gRPC).
   * @default none: it is not taken
   */
  otlpUrl?: pulumi.Input<string | undefined>;
}

/**
 * Reads the connection that another stack exports.
 *
 * A stack reference makes an output secret as a whole when a part of it is; here only the shared key stays secret, so
 * that host names are readable in previews.
 *
 * @param outputs the other stack's output that holds the connection
 * @param origin where it was read, for the error message
 * @throws Error when a key is missing or holds something else, with its name and the fix
 */
export function connectionFromOutput(
  outputs: pulumi.Output<unknown>,
  origin: pulumi.Input<string>,
): MonitoringConnection {
  const read = (key: keyof MonitoringConnection): pulumi.Output<unknown> =>
    pulumi.all([outputs, origin]).apply(([value, where]) => partOfConnection(value, key, where));
  const optional = (key: keyof MonitoringConnection): pulumi.Output<unknown> =>
    pulumi.unsecret(outputs.apply((value) => (value as Record<string, unknown> | undefined)?.[key]));
  const text = (key: keyof MonitoringConnection) => pulumi.unsecret(read(key).apply(String));
  return {
    namespace: text("namespace"),
    environment: text("environment"),
    fluentdHost: text("fluentdHost"),
    fluentdPort: pulumi.unsecret(read("fluentdPort").apply(Number)),
    influxDbUrl: text("influxDbUrl"),
    grafanaUrl: text("grafanaUrl"),
    // Older platforms don't export these.
    influxDbPodPort: optional("influxDbPodPort") as pulumi.Output<number | undefined>,
    influxDbUsername: optional("influxDbUsername") as pulumi.Output<string>,
    influxDbPassword: pulumi.secret(optional("influxDbPassword") as pulumi.Output<string>),
    imageRegistry: optional("imageRegistry") as pulumi.Output<string | undefined>,
    grafanaReadsConfigMaps: optional("grafanaReadsConfigMaps").apply((value) => value !== false),
    otlpUrl: optional("otlpUrl") as pulumi.Output<string | undefined>,
    readsPodMetrics: optional("readsPodMetrics").apply((value) => value === true),
    fluentdCaCertificate: optional("fluentdCaCertificate").apply((value) =>
      typeof value === "string" ? value : undefined,
    ),
    fluentdSharedKey: pulumi.secret(read("fluentdSharedKey").apply(String)),
  };
}

/** The connection that a component was given: as it is, or read from an output as by {@link connectionFromOutput}. */
export function connectionOf(
  given: pulumi.Input<MonitoringConnection>,
  origin: string,
): MonitoringConnection {
  return pulumi.Output.isInstance(given) || given instanceof Promise
    ? connectionFromOutput(pulumi.output(given), origin)
    : given;
}

/**
 * One part of an exported connection.
 *
 * @throws Error when it is missing or holds something else, with its name and the fix
 */
export function partOfConnection(value: unknown, key: keyof MonitoringConnection, origin: string): unknown {
  const found = (value as Record<string, unknown> | undefined)?.[key];
  if (found === undefined) {
    throw new Error(
      `${origin} has no "${key}": export the platform's connection with ` +
        "`export const monitoring = platform.connection;` and run `pulumi up` there first",
    );
  }
  // Pulumi's host for YAML makes `{}` of a secret inside of an object, which as text would be a key that nobody accepts.
  if (typeof found === "object") {
    throw new Error(
      `${origin} holds no plain value in "${key}": programs in YAML lose a secret inside of an object. Export the ` +
        "connection as one secret there, `export const monitoring = pulumi.secret(platform.connection);`",
    );
  }
  return found;
}
