import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checkConfigMapDashboards, type DashboardDefinition } from "../../dashboards/definition";
import { images } from "../images";
import { type ApiServerArgs, apiServerPorts, tokenVolume } from "../kubernetes/apiServer";
import { fromSecret } from "../kubernetes/environment";
import { podsOf, tcp, toHosts } from "../kubernetes/networkPolicies";
import { httpProbes } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import {
  type AlertmanagerEndpoint,
  type InfluxDbEndpoint,
  loginSecret,
  loginVariables,
} from "../platform/endpoints";
import { generatedPassword } from "../platform/generatedPassword";
import { type PartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import {
  appDashboardsMount,
  appDashboardsPath,
  appDashboardsReader,
  appDashboardsVolume,
  readConfigMaps,
} from "./appDashboardsReader";
import { entraSecret, entraVariables, type GrafanaEntraArgs } from "./entra";
import { type GrafanaGatewayArgs, grafanaGateway } from "./gateway";
import { type GrafanaIngressArgs, grafanaIngress } from "./ingress";
import { dashboardProviders, provisionedDataSources } from "./provisioning";

/** How a deployed Grafana is sized and reached. */
export interface GrafanaDeployArgs {
  /**
   * URL under which people reach it, for links in mails.
   * @default `https://` and the host of `gateway` or `ingress`; without one the Service's own, for use with `kubectl port-forward`
   */
  externalUrl?: pulumi.Input<string>;
  /**
   * Pods and addresses that may connect to it, besides the gateway or ingress controller.
   * @default []
   */
  callers?: pulumi.Input<inputs.networking.v1.NetworkPolicyPeer>[];
  /**
   * Access from outside of the cluster, by Gateway API.
   * @default none
   */
  gateway?: GrafanaGatewayArgs;
  /**
   * Access from outside of the cluster, for a cluster with an ingress controller. Excludes `gateway`.
   * @default none
   */
  ingress?: GrafanaIngressArgs;
  /**
   * Sign-in with Microsoft Entra ID. There is then no user `admin` and no password.
   * @default none: the user `admin` and its password
   */
  entra?: GrafanaEntraArgs;
  /**
   * Compute of the only replica.
   * @default 50m to 500m CPU, 256Mi to 1Gi memory: the data sources of 13.2 are processes of their own
   */
  resources?: pulumi.Input<inputs.core.v1.ResourceRequirements>;
}

/** Arguments of {@link Grafana}. */
interface GrafanaArgs extends GrafanaDeployArgs, PartArgs, ApiServerArgs {
  /** URL under which people reach it. */
  url: pulumi.Input<string>;
  /** Where the data is, and who reads it. */
  influxDb: InfluxDbEndpoint;
  /** Alertmanager whose alerts are shown. */
  alertmanager: AlertmanagerEndpoint;
  /** The dashboards. */
  dashboards: DashboardDefinition[];
}

/** Uid of `grafana` in the stock image. */
const user = { uid: 472 };
const dashboardsPath = "/var/lib/dashboards";

/** Settings as environment variables. Source: Grafana's configuration reference. */
const settings = {
  GF_LOG_MODE: "console",
  GF_USERS_ALLOW_SIGN_UP: "false",
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_PLUGINS_PREINSTALL_DISABLED: "true",
};

/**
 * Grafana, provisioned from ConfigMaps alone: a restart without a volume brings everything back. The dashboards of
 * apps come from ConfigMaps of their namespaces, while it runs.
 *
 * Sign in as `admin` with {@link adminPassword}, or with `entra`.
 */
export class Grafana extends pulumi.ComponentResource {
  /** Password of the user `admin`; undefined with `entra`. Secret. */
  public readonly adminPassword?: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Grafana", name, {}, opts);

    const { influxDb, alertmanager, entra } = args;
    requireUrl(args);
    const { port } = parts.grafana;
    const objects = new PartObjects(name, parts.grafana, args, this);
    if (entra === undefined) this.adminPassword = generatedPassword(`${name}-admin-password`, this);
    const secretName = objects.secret("credentials", {
      ...(this.adminPassword && { adminPassword: this.adminPassword }),
      ...entraSecret(entra),
      ...loginSecret(influxDb, alertmanager),
    });
    objects.clusterRole([readConfigMaps]);
    const serviceName = objects.service({ http: port });
    const provisioned = [
      ...provisioning(objects, influxDb, alertmanager),
      ...dashboardFolders(objects, args.dashboards),
    ];
    objects.deployment({
      user,
      initContainers: [appDashboardsReader()],
      container: {
        name: "grafana",
        image: images.grafana,
        env: [
          { name: "GF_SERVER_ROOT_URL", value: args.url },
          ...Object.entries(settings).map(([key, value]) => ({ name: key, value })),
          ...(entra
            ? entraVariables(entra, secretName)
            : [fromSecret("GF_SECURITY_ADMIN_PASSWORD", secretName, "adminPassword")]),
          ...loginVariables(secretName, alertmanager),
        ],
        ports: [{ name: "http", containerPort: port }],
        ...httpProbes({ port: "http", readyPath: "/api/health" }),
        resources:
          args.resources ?? resources({ cpu: "50m", cpuLimit: "500m", memory: "256Mi", memoryLimit: "1Gi" }),
        volumeMounts: [
          { name: "data", mountPath: "/var/lib/grafana" },
          { name: "tmp", mountPath: "/tmp" },
          ...provisioned.map(({ volume: { name }, mountPath }) => ({ name, mountPath, readOnly: true })),
          appDashboardsMount(true),
        ],
      },
      volumes: [
        { name: "data", emptyDir: { sizeLimit: "1Gi" } },
        { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
        ...provisioned.map(({ volume }) => volume),
        appDashboardsVolume,
        tokenVolume,
      ],
    });
    const forwarders = accessFromOutside(objects, args, { name: serviceName, port });
    const callers = [...(args.callers ?? []), ...forwarders.map((each) => podsOf(each))];
    objects.networkPolicy({
      ingress: callers.length === 0 ? [] : [{ from: callers, ports: tcp(port) }],
      egress: [
        influxDb.egress,
        alertmanager.egress,
        objects.toApiServer(apiServerPorts(args), args.cilium),
        ...(entra ? [toHosts([], [443])] : []),
      ],
    });

    this.registerOutputs({ adminPassword: this.adminPassword });
  }
}

/** Entra ID sends people back to Grafana's own URL, which therefore must be one that they reach. */
function requireUrl({ entra, externalUrl, gateway, ingress }: GrafanaDeployArgs): void {
  if (entra === undefined || (externalUrl ?? gateway ?? ingress) !== undefined) return;
  throw new Error(
    "Grafana: entra needs the URL under which people reach Grafana: set gateway, or externalUrl, e.g. http://localhost:3000 with kubectl port-forward",
  );
}

/** A volume and where Grafana mounts it. No file of it is in a sub-folder: there, Kubernetes makes a folder a link. */
interface MountedVolume {
  volume: inputs.core.v1.Volume;
  mountPath: string;
}

/** The files that name the data sources and the folders of the dashboards. */
function provisioning(
  objects: PartObjects,
  influxDb: InfluxDbEndpoint,
  alertmanager: AlertmanagerEndpoint,
): MountedVolume[] {
  const name = objects.configMap("provisioning", {
    "datasources.yaml": pulumi
      .all([influxDb.url, influxDb.username, alertmanager.url])
      .apply(([influxDbUrl, influxDbUsername, alertmanagerUrl]) =>
        provisionedDataSources({
          influxDbUrl,
          influxDbUsername,
          alertmanagerUrl,
          alertmanagerAuthorization: alertmanager.authorization !== undefined,
        }),
      ),
    "dashboards.yaml": dashboardProviders({ platform: dashboardsPath, apps: appDashboardsPath }),
    // Nothing to provision: without their folders Grafana logs errors at each start.
    "plugins.yaml": '{"apiVersion":1}',
    "alerting.yaml": '{"apiVersion":1}',
  });
  return ["datasources", "dashboards", "plugins", "alerting"].map((kind) => {
    const items = [{ key: `${kind}.yaml`, path: `${kind}.yaml` }];
    return {
      volume: { name: `provisioning-${kind}`, configMap: { name, items } },
      mountPath: `/etc/grafana/provisioning/${kind}`,
    };
  });
}

/** A ConfigMap for each dashboard, and a volume for each folder: Grafana does not look for files behind a link. */
function dashboardFolders(objects: PartObjects, dashboards: DashboardDefinition[]): MountedVolume[] {
  checkConfigMapDashboards(dashboards);
  const files = dashboards.map(({ uid, folder, json }) => {
    const name = objects.configMap(`dashboard-${uid}`, { [`${uid}.json`]: json });
    return { folder, source: { configMap: { name } } };
  });
  return [...new Set(files.map(({ folder }) => folder))].map((folder, index) => {
    const sources = files.filter((file) => file.folder === folder).map(({ source }) => source);
    return {
      volume: { name: `dashboards-${index}`, projected: { sources } },
      mountPath: `${dashboardsPath}/${folder}`,
    };
  });
}

/** Namespaces whose pods forward requests from outside of the cluster. */
function accessFromOutside(
  objects: PartObjects,
  { gateway, ingress }: GrafanaDeployArgs,
  service: { name: pulumi.Output<string>; port: number },
): pulumi.Input<string>[] {
  if (gateway !== undefined && ingress !== undefined) {
    throw new Error(
      "Grafana: gateway and ingress exclude each other: leave out ingress, whose successor gateway is",
    );
  }
  if (gateway !== undefined) return [grafanaGateway(objects, gateway, service)];
  return ingress === undefined ? [] : [grafanaIngress(objects, ingress, service.name)];
}
