import type * as pulumi from "@pulumi/pulumi";

/**
 * A part is either deployed or exists already. The two can't be mixed: neither both, nor half of one, compiles.
 */
export type DeployedOrExisting<Deploy, Existing> =
  | {
      /** A new one: its arguments, `{}` for the defaults. */
      deploy: Deploy;
      /** Left out beside `deploy`. */
      existing?: never;
    }
  | {
      /** One that somebody else runs: its URL and credentials. */
      existing: Existing;
      /** Left out beside `existing`. */
      deploy?: never;
    };

/** A login at a server that somebody else runs. */
export interface Login {
  /** User name; InfluxDB Cloud takes the e-mail address of the account. */
  username: pulumi.Input<string>;
  /** Password; for InfluxDB Cloud an API token. Secret. */
  password: pulumi.Input<string>;
}

/** The credentials of all users of an existing InfluxDB, at its 1.x-compatible API. */
export interface ExistingCredentials {
  /** Writes the bucket `events`. */
  fluentd: Login;
  /** Writes the bucket `events`. */
  telegraf: Login;
  /** Reads every bucket. */
  grafana: Login;
  /** Reads the bucket `events`; needed for the `driftCheck` of model APIs. */
  apps?: Login;
  /** Reads the bucket `events`; needed for `archive`. */
  archive?: Login;
}

/** An InfluxDB that somebody else runs: 2.x with the API of 1.x, such as InfluxDB OSS or InfluxDB Cloud (TSM). */
export interface ExistingInfluxDb {
  /** Base URL, e.g. `https://influxdb.example.com:8086`. */
  url: pulumi.Input<string>;
  /**
   * Port of its pods, where the URL names a Service of the cluster, `name.namespace.svc`, with another port: network
   * policies see that of the pods.
   * @default the port of `url`
   */
  podPort?: number;
  /** Organization that shall own the buckets; it must exist. */
  organization: pulumi.Input<string>;
  /** Token that may manage buckets, credentials and tasks of the organization. Secret. */
  operatorToken: pulumi.Input<string>;
  /**
   * Credentials that exist, for an InfluxDB that lets nobody choose a password: InfluxDB Cloud. InfluxDB's own metrics
   * are then not read either, since it does not publish them.
   * @default made by the reconcile Job
   */
  credentials?: ExistingCredentials;
}

/** A Grafana that somebody else runs, such as Azure Managed Grafana: its dashboards go there as resources. */
export interface ExistingGrafana {
  /** URL under which people, and the machine that runs `pulumi up`, reach it. */
  url: pulumi.Input<string>;
  /** Token of a service account with the role Admin, or `user:password`. Secret. */
  auth: pulumi.Input<string>;
  /** URL under which it reaches InfluxDB: of an ingress of yours, or of an existing InfluxDB. */
  influxDbUrl: pulumi.Input<string>;
  /** URL under which it reaches Alertmanager. */
  alertmanagerUrl: pulumi.Input<string>;
}

/** An Alertmanager that somebody else runs and configures. */
export interface ExistingAlertmanager {
  /** Base URL to which alerts are posted. */
  url: pulumi.Input<string>;
  /**
   * Port of its pods, where the URL names a Service of the cluster, `name.namespace.svc`, with another port: network
   * policies see that of the pods.
   * @default the port of `url`
   */
  podPort?: number;
  /**
   * Value of the header `Authorization`, e.g. `Bearer …` or `Basic …` (base64 of `user:password`). Secret.
   * @default none, it asks for no login
   */
  authorization?: pulumi.Input<string>;
}
