import * as pulumi from "@pulumi/pulumi";
import { RestrictedNamespace } from "../namespaces/restrictedNamespace";
import { InfluxDb, InfluxDbDeployArgs } from "./influxDb";

/** Arguments of {@link Monitoring}. */
export interface MonitoringArgs {
  /**
   * How InfluxDB is sized.
   * @default {}
   */
  influxDb?: InfluxDbDeployArgs;
  /**
   * Name of the namespace.
   * @default "monitoring"
   */
  namespaceName?: string;
  /**
   * Refuse to delete or replace whatever holds data, or a password of its first start.
   * @default true
   */
  protectData?: boolean;
}

/** The monitoring platform. */
export class Monitoring extends pulumi.ComponentResource {
  /** Base URL of InfluxDB. */
  public readonly influxDbUrl: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Monitoring", name, {}, opts);

    const protect = args.protectData ?? true;
    const { namespaceName: namespace } = new RestrictedNamespace(
      name,
      { namespaceName: args.namespaceName ?? "monitoring", protect },
      { parent: this },
    );
    const influxDb = new InfluxDb(
      `${name}-influxdb`,
      { ...args.influxDb, namespace, organization: "ds-monitoring", bucket: "events", protect },
      { parent: this },
    );

    this.influxDbUrl = influxDb.url;
    this.registerOutputs({ influxDbUrl: this.influxDbUrl });
  }
}
