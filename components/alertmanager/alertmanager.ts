import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import type { Login } from "../existing";
import { images } from "../images";
import { checked } from "../kubernetes/checked";
import { podsLabelled, tcp, toHosts } from "../kubernetes/networkPolicies";
import { httpProbes } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import { portOf } from "../platform/endpoints";
import { type KeepingPartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import type { StorageArgs } from "../platform/storage";
import {
  type AlertEmailOptions,
  mailServerPort,
  renderAlertmanagerConfig,
  smtpPasswordFile,
  watchdogUrlFile,
} from "./alertmanagerConfig";
import { checkUrl, type ReceiverArgs, type Receivers, secretFiles, urlsOf } from "./receivers";

/** The mail server that mails go out through, and who gets all of them. */
export interface EmailArgs {
  /** Host and port of the mail server, e.g. `smtp.example.com:587`. */
  smarthost: pulumi.Input<string>;
  /**
   * Port of its pods, where it is a Service of the cluster, `name.namespace.svc`, with another port: network
   * policies see that of the pods.
   * @default the port of `smarthost`
   */
  podPort?: number;
  /** Sender, e.g. `monitoring@example.com`. */
  from: pulumi.Input<string>;
  /**
   * Recipients of all alerts that no receiver gets by its app or team; at least one.
   * @default none: who gets what is said by `receivers`
   */
  to?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Recipients of critical alerts.
   * @default those of `to`
   */
  criticalTo?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Login at the mail server.
   * @default none: the server takes mail without
   */
  login?: Login;
  /**
   * Whether the mail server must offer STARTTLS.
   * @default true
   */
  requireTls?: boolean;
}

/** How a deployed Alertmanager is sized and who is notified. */
export interface AlertmanagerDeployArgs {
  /**
   * The mail server, and who gets mails. Needed where no receiver is given.
   * @default none: no mails
   */
  email?: EmailArgs;
  /**
   * Who gets which alerts, by the name of the receiver: by mail, Slack, Microsoft Teams, PagerDuty, Opsgenie or a webhook.
   * @default the recipients of `email`
   */
  receivers?: Record<string, ReceiverArgs>;
  /**
   * URL that gets a POST each minute while alerting works and its messages get out, of a service that reports when they
   * stop. Its path often is the password: use a secret.
   * @default none: nobody reports that alerting has stopped; a warning says so where `protect` is not false
   */
  watchdogUrl?: pulumi.Input<string>;
  /**
   * Volume of the silences and the notification log, which outlive a restart.
   * @default { size: "1Gi" }
   */
  storage?: StorageArgs;
  /**
   * Compute of the only replica: firing alerts are posted again each minute, so that a restart loses none.
   * @default 20m to 200m CPU, 32Mi to 128Mi memory
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
}

/** Arguments of {@link Alertmanager}. */
interface AlertmanagerArgs extends AlertmanagerDeployArgs, KeepingPartArgs {
  /** Base URL of the dashboards that mails link to. */
  grafanaUrl: pulumi.Input<string>;
}

const withoutWatchdog =
  "alertmanager.deploy.watchdogUrl is not set: when InfluxDB or Alertmanager is down, no alert is sent and nobody is told. " +
  "Give it the URL of a service that reports when its posts stop, e.g. https://hc-ping.com/<uuid>.";

/** `nobody` in the stock image. */
const user = { uid: 65534 };
const secretPath = "/etc/alertmanager/secrets";

/** Alertmanager: receives alerts, groups them, and sends them to the receivers. */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Alertmanager", name, {}, opts);

    const { email, receivers = {} } = args;
    const smarthost = email && checked(email.smarthost, mailServerPort);
    const { port } = parts.alertmanager;
    const objects = new PartObjects(name, parts.alertmanager, args, this);
    const watchdogUrl =
      args.watchdogUrl &&
      checked(args.watchdogUrl, (url) => checkUrl("alertmanager.deploy.watchdogUrl", url));
    if (watchdogUrl === undefined && args.protect) void pulumi.log.warn(withoutWatchdog, this);
    const secretName = objects.secret("config", {
      "alertmanager.yml": configOf(args),
      ...(email?.login && { [smtpPasswordFile]: pulumi.secret(email.login.password) }),
      ...(watchdogUrl && { [watchdogUrlFile]: pulumi.secret(watchdogUrl) }),
      ...secretsOf(receivers),
    });
    objects.service({ http: port });
    objects.statefulSet(
      {
        user,
        container: {
          name: "alertmanager",
          image: images.alertmanager,
          args: [
            `--config.file=${secretPath}/alertmanager.yml`,
            "--storage.path=/alertmanager",
            // Silences, and what was mailed, are written this often; by default every 15 minutes. A kill costs the rest.
            "--data.maintenance-interval=15s",
            `--web.listen-address=:${port}`,
            // One replica has no one to gossip with.
            "--cluster.listen-address=",
            // So that failures of the watchdog's webhook are told from those of others.
            "--enable-feature=receiver-name-in-metrics",
          ],
          ports: [{ name: "http", containerPort: port }],
          ...httpProbes({ port: "http", readyPath: "/-/ready", livePath: "/-/healthy" }),
          resources:
            args.resources ??
            resources({ cpu: "20m", cpuLimit: "200m", memory: "32Mi", memoryLimit: "128Mi" }),
          volumeMounts: [
            { name: "data", mountPath: "/alertmanager" },
            { name: "config", mountPath: secretPath, readOnly: true },
          ],
        },
        volumes: [{ name: "config", secret: { secretName, defaultMode: 0o440 } }],
      },
      { volumeName: "data", storage: args.storage ?? { size: "1Gi" }, protect: args.protect, retain: false },
    );
    const clients = [parts.influxDb, parts.grafana, parts.telegraf];
    objects.networkPolicy({
      ingress: [{ from: clients.map(({ podLabels }) => podsLabelled(podLabels)), ports: tcp(port) }],
      egress: [
        ...(smarthost === undefined
          ? []
          : [
              pulumi.output(smarthost).apply((server) => {
                const host = server.slice(0, server.lastIndexOf(":"));
                return toHosts([host], [email?.podPort ?? mailServerPort(server)]);
              }),
            ]),
        ...(watchdogUrl === undefined ? [] : [toUrl(watchdogUrl)]),
        ...Object.values(receivers).flatMap((receiver) =>
          urlsOf(receiver).map(([path, url]) =>
            toUrl(url, path === "webhook.url" ? receiver.webhook?.podPort : undefined),
          ),
        ),
      ],
    });

    this.registerOutputs();
  }
}

/** Alertmanager's configuration. What is known of the receivers is checked at once. */
function configOf({ email, receivers, watchdogUrl, grafanaUrl }: AlertmanagerArgs): pulumi.Output<string> {
  const { login, podPort: _, ...mailServer } = email ?? {};
  const told = { email: email && { ...mailServer, username: login?.username }, receivers };
  const rendered = (known: pulumi.Unwrap<typeof told>, url: string): string =>
    renderAlertmanagerConfig({
      grafanaUrl: url,
      email: known.email as AlertEmailOptions | undefined,
      receivers: known.receivers as Receivers | undefined,
      secretsFolder: secretPath,
      watchdog: watchdogUrl !== undefined,
    });
  const checkedReceivers = checked(told, (known) => rendered(known, ""));
  return pulumi.all([checkedReceivers, grafanaUrl]).apply(([known, url]) => rendered(known, url));
}

/** The files with the receivers' secrets. */
function secretsOf(receivers: Record<string, ReceiverArgs>): Record<string, pulumi.Output<string>> {
  const files = Object.entries(receivers).flatMap(([name, receiver]) =>
    Object.entries(secretFiles(name, receiver)),
  );
  return Object.fromEntries(files.map(([file, value]) => [file, pulumi.secret(value)]));
}

/** Lets Alertmanager reach a URL. Only its path is a secret. */
function toUrl(url: pulumi.Input<string>, podPort?: number) {
  return pulumi.unsecret(
    pulumi.output(url).apply((known) => toHosts([new URL(known).hostname], [podPort ?? portOf(known)])),
  );
}
