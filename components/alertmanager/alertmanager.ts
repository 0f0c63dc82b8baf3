import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { anyAddress, type Flow, podsLabelled } from "../kubernetes/networkPolicies";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { httpProbes } from "../kubernetes/probes";
import { type ContainerResources, resources } from "../kubernetes/resources";
import { partMetadata, partNetworkPolicy, partService, partServiceAccount } from "../platform/partObjects";
import { parts, serviceUrl } from "../platform/parts";
import { type StorageArgs, volumeClaimTemplate } from "../platform/storage";
import { renderAlertmanagerConfig } from "./alertmanagerConfig";

/** The mail server that alerts go out through, and whom they go to. */
export interface EmailArgs {
  /** Host and port of the mail server, e.g. `smtp.example.com:587`. */
  smarthost: string;
  /** Sender, e.g. `monitoring@example.com`. */
  from: string;
  /** Recipients; at least one. */
  to: string[];
  /**
   * Recipients of critical alerts.
   * @default those of all alerts
   */
  criticalTo?: string[];
  /**
   * Who logs in at the mail server, and with which password.
   * @default nobody: the server takes mail without
   */
  login?: EmailLogin;
  /**
   * Whether the mail server must offer STARTTLS.
   * @default true
   */
  requireTls?: boolean;
}

/** A login at a mail server. */
export interface EmailLogin {
  /** User name. */
  username: string;
  /** Password. Secret. */
  password: pulumi.Input<string>;
}

/** How a deployed Alertmanager is sized and whom it tells. */
export interface AlertmanagerDeployArgs {
  /** The mail server and the recipients. */
  email: EmailArgs;
  /**
   * Volume of silences and of what was sent already, for the time of a restart.
   * @default { size: "1Gi" }
   */
  storage?: StorageArgs;
  /**
   * Compute of the only replica: firing alerts are posted anew each minute, so that a restart loses none.
   * @default 20m to 200m CPU, 64Mi to 128Mi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link Alertmanager}. */
export interface AlertmanagerArgs extends AlertmanagerDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** Base URL of the dashboards that mails link to. */
  grafanaUrl: pulumi.Input<string>;
  /**
   * Refuse to delete or replace what holds the silences.
   * @default true
   */
  protect?: boolean;
}

/** `nobody` in the stock image. */
const user = { uid: 65534 };
const secretPath = "/etc/alertmanager/secrets";
const passwordKey = "smtpPassword";

/** Alertmanager: takes what fires, groups it, and sends mails. */
export class Alertmanager extends pulumi.ComponentResource {
  /** Base URL, as seen from any namespace of the cluster. */
  public readonly url: pulumi.Output<string>;

  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Alertmanager", name, {}, opts);

    const { namespace } = args;
    const { login, ...mailServer } = args.email;
    const toMailServer: Flow = {
      peers: [anyAddress()],
      ports: [{ port: mailServerPort(mailServer.smarthost) }],
    };
    const { labels, podLabels, port } = parts.alertmanager;
    const common = { name, part: parts.alertmanager, namespace, parent: this };

    const config = new Secret(
      `${name}-config`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: {
          "alertmanager.yml": pulumi.output(args.grafanaUrl).apply((grafanaUrl) =>
            renderAlertmanagerConfig({
              email: {
                ...mailServer,
                ...(login !== undefined && {
                  username: login.username,
                  passwordFile: `${secretPath}/${passwordKey}`,
                }),
              },
              grafanaUrl,
            }),
          ),
          ...(login !== undefined && { [passwordKey]: pulumi.secret(login.password) }),
        },
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    partService({ ...common, portName: "http" });

    new StatefulSet(
      name,
      {
        metadata: partMetadata(common),
        spec: {
          replicas: 1,
          // By name: the Service is ready only when it has pods, so waiting for it would never end.
          serviceName: parts.alertmanager.name,
          selector: { matchLabels: podLabels },
          volumeClaimTemplates: [volumeClaimTemplate("data", args.storage ?? { size: "1Gi" }, podLabels)],
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              containers: [
                {
                  name: "alertmanager",
                  image: images.alertmanager,
                  args: [
                    `--config.file=${secretPath}/alertmanager.yml`,
                    "--storage.path=/alertmanager",
                    `--web.listen-address=:${port}`,
                    // One replica has no one to gossip with.
                    "--cluster.listen-address=",
                  ],
                  ports: [{ name: "http", containerPort: port }],
                  ...httpProbes({ port: "http", readyPath: "/-/ready", livePath: "/-/healthy" }),
                  resources:
                    args.resources ??
                    resources({ cpu: "20m", cpuLimit: "200m", memory: "64Mi", memoryLimit: "128Mi" }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [
                    { name: "data", mountPath: "/alertmanager" },
                    { name: "config", mountPath: secretPath, readOnly: true },
                  ],
                },
              ],
              volumes: [{ name: "config", secret: { secretName: config.metadata.name, defaultMode: 0o440 } }],
            },
          },
        },
      },
      { parent: this, protect: args.protect ?? true },
    );
    partNetworkPolicy({
      ...common,
      ingress: [fromClients],
      egress: [toMailServer],
    });

    this.url = pulumi.output(namespace).apply((ns) => serviceUrl(parts.alertmanager, ns));
    this.registerOutputs({ url: this.url });
  }
}

const fromClients: Flow = {
  peers: [parts.influxDb, parts.grafana, parts.telegraf].map((client) => podsLabelled(client.podLabels)),
  ports: [{ port: parts.alertmanager.port }],
};

function mailServerPort(smarthost: string): number {
  const match = /^[^\s:]+:(\d{1,5})$/.exec(smarthost);
  if (match === null) {
    throw new Error(
      `Alertmanager: email.smarthost "${smarthost}" must be host:port, e.g. "smtp.example.com:587"`,
    );
  }
  return Number(match[1]);
}
