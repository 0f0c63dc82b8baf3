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
import { mailServerPort, renderAlertmanagerConfig } from "./alertmanagerConfig";

/** The mail server that alerts go out through, and the recipients. */
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
  /** Recipients; at least one. */
  to: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Recipients of critical alerts.
   * @default those of all alerts
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
  /** The mail server and the recipients. */
  email: EmailArgs;
  /**
   * URL that gets a POST each minute while alerting works and its messages get out, of a service that reports when they
   * stop. Its path often is the password: use a secret.
   * @default none: nobody reports that alerting has stopped
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

/** `nobody` in the stock image. */
const user = { uid: 65534 };
const secretPath = "/etc/alertmanager/secrets";
const passwordKey = "smtpPassword";

/** Alertmanager: receives alerts, groups them, and sends mails. */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Alertmanager", name, {}, opts);

    const { login, podPort, ...mailServer } = args.email;
    const smarthost = checked(mailServer.smarthost, mailServerPort);
    const { port } = parts.alertmanager;
    const objects = new PartObjects(name, parts.alertmanager, args.namespace, this);
    const watchdogUrl = args.watchdogUrl === undefined ? undefined : checked(args.watchdogUrl, portOf);
    const config = pulumi
      .all([{ ...mailServer, smarthost }, login?.username, args.grafanaUrl, watchdogUrl])
      .apply(([email, username, grafanaUrl, url]) =>
        renderAlertmanagerConfig({
          email: {
            ...email,
            ...(username !== undefined && { username, passwordFile: `${secretPath}/${passwordKey}` }),
          },
          grafanaUrl,
          watchdogUrl: url,
        }),
      );
    const secretName = objects.secret("config", {
      "alertmanager.yml": config,
      ...(login !== undefined && { [passwordKey]: pulumi.secret(login.password) }),
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
        pulumi.output(smarthost).apply((server) => {
          const host = server.slice(0, server.lastIndexOf(":"));
          return toHosts([host], [podPort ?? mailServerPort(server)]);
        }),
        ...(watchdogUrl === undefined
          ? []
          : [
              // Only the path is a secret.
              pulumi.unsecret(
                pulumi.output(watchdogUrl).apply((url) => toHosts([new URL(url).hostname], [portOf(url)])),
              ),
            ]),
      ],
    });

    this.registerOutputs();
  }
}
