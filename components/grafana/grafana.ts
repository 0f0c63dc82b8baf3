import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checkConfigMapDashboards, type DashboardDefinition } from "../../dashboards";
import { images } from "../images";
import { tokenVolume } from "../kubernetes/apiServer";
import { fromSecret } from "../kubernetes/environment";
import { namespaceNamed, type PolicyPeer } from "../kubernetes/networkPolicies";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { httpProbes } from "../kubernetes/probes";
import { type ContainerResources, resources } from "../kubernetes/resources";
import { generatedPassword } from "../platform/generatedPassword";
import {
  type AlertmanagerNeighbour,
  authorizationVariable,
  type InfluxDbClient,
} from "../platform/endpoints";
import { partMetadata, partNetworkPolicy, partService, partServiceAccount } from "../platform/partObjects";
import { parts } from "../platform/parts";
import {
  allowReadingConfigMaps,
  appDashboardsMount,
  appDashboardsPath,
  appDashboardsReader,
  appDashboardsVolume,
  toApiServer,
} from "./appDashboardsReader";
import { dashboardProviders, dataSources } from "./provisioning";

/** How people reach Grafana from outside of the cluster: HTTPS through an ingress controller. */
export interface GrafanaIngressArgs {
  /** Host name, e.g. `grafana.example.com`; its DNS record points at the ingress controller. */
  host: string;
  /**
   * Class of the ingress controller.
   * @default "webapprouting.kubernetes.azure.com", the managed one of AKS
   */
  className?: string;
  /**
   * Namespace of the ingress controller's pods; nobody else may connect.
   * @default "app-routing-system"
   */
  controllerNamespace?: string;
  /**
   * Secret of type `kubernetes.io/tls` in Grafana's namespace.
   * @default "grafana-tls"
   */
  tlsSecretName?: string;
  /**
   * ClusterIssuer of cert-manager that fills that Secret.
   * @default none, the Secret is made by others
   */
  clusterIssuer?: string;
}

/** How a deployed Grafana is sized and reached. */
export interface GrafanaDeployArgs {
  /**
   * URL under which people reach it, for links in mails.
   * @default `https://` and the host of `ingress`; without one the Service's own, for use with `kubectl port-forward`
   */
  externalUrl?: string;
  /**
   * Who may connect to it besides the API server's port-forward, e.g. the ingress controller's pods.
   * @default nobody
   */
  callers?: PolicyPeer[];
  /**
   * The way in from outside of the cluster.
   * @default none
   */
  ingress?: GrafanaIngressArgs;
  /**
   * Compute of the only replica.
   * @default 50m to 500m CPU, 128Mi to 512Mi memory
   */
  resources?: ContainerResources;
}

/** Arguments of {@link Grafana}. */
export interface GrafanaArgs extends GrafanaDeployArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** URL under which people reach it. */
  url: pulumi.Input<string>;
  /** Where the data is, and who reads it. */
  influxDb: InfluxDbClient;
  /** Alertmanager whose alerts are shown. */
  alertmanager: AlertmanagerNeighbour;
  /** The dashboards. */
  dashboards: DashboardDefinition[];
}

/** Uid of `grafana` in the stock image. */
const user = { uid: 472 };
const dashboardsPath = "/var/lib/dashboards";

/**
 * Grafana, provisioned from ConfigMaps alone: a restart without a volume brings everything back. The dashboards of
 * apps come from ConfigMaps of their namespaces, while it runs.
 *
 * Sign in as `admin` with {@link adminPassword}.
 */
export class Grafana extends pulumi.ComponentResource {
  /** Password of the user `admin`. Secret. */
  public readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:Grafana", name, {}, opts);

    const { namespace, influxDb, alertmanager } = args;
    const { labels, podLabels, port } = parts.grafana;
    const common = { name, part: parts.grafana, namespace, parent: this };

    this.adminPassword = generatedPassword(`${name}-admin-password`, {}, this);
    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: {
          adminPassword: this.adminPassword,
          influxDbPassword: pulumi.secret(influxDb.password),
          ...(alertmanager.authorization && { alertmanagerAuthorization: alertmanager.authorization }),
        },
      },
      { parent: this },
    );
    const provisioning = new ConfigMap(
      `${name}-provisioning`,
      {
        metadata: { namespace, labels },
        immutable: true,
        data: {
          "datasources.yaml": pulumi
            .all([influxDb.url, alertmanager.url])
            .apply(([influxDbUrl, alertmanagerUrl]) =>
              dataSources({
                influxDbUrl,
                influxDbUsername: influxDb.username,
                alertmanagerUrl,
                alertmanagerAuthorization: alertmanager.authorization !== undefined,
              }),
            ),
          "dashboards.yaml": dashboardProviders({ platform: dashboardsPath, apps: appDashboardsPath }),
        },
      },
      { parent: this },
    );
    checkConfigMapDashboards(args.dashboards);
    const dashboardSources = args.dashboards.map(({ uid, folder, json }): inputs.core.v1.VolumeProjection => {
      const file = `${uid}.json`;
      const configMap = new ConfigMap(
        `${name}-dashboard-${uid}`,
        { metadata: { namespace, labels }, immutable: true, data: { [file]: json } },
        { parent: this },
      );
      return {
        configMap: { name: configMap.metadata.name, items: [{ key: file, path: `${folder}/${file}` }] },
      };
    });
    const serviceAccount = partServiceAccount(common);
    allowReadingConfigMaps({ name, labels, namespace, serviceAccount, parent: this });
    const service = partService({ ...common, portName: "http" });

    new Deployment(
      name,
      {
        metadata: partMetadata(common),
        spec: {
          replicas: 1,
          selector: { matchLabels: podLabels },
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              initContainers: [appDashboardsReader()],
              containers: [
                {
                  name: "grafana",
                  image: images.grafana,
                  env: [
                    { name: "GF_SERVER_ROOT_URL", value: args.url },
                    { name: "GF_LOG_MODE", value: "console" },
                    { name: "GF_USERS_ALLOW_SIGN_UP", value: "false" },
                    { name: "GF_ANALYTICS_REPORTING_ENABLED", value: "false" },
                    { name: "GF_ANALYTICS_CHECK_FOR_UPDATES", value: "false" },
                    { name: "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", value: "false" },
                    { name: "GF_PLUGINS_PREINSTALL_DISABLED", value: "true" },
                    fromSecret("GF_SECURITY_ADMIN_PASSWORD", secret.metadata.name, "adminPassword"),
                    fromSecret("INFLUXDB_PASSWORD", secret.metadata.name, "influxDbPassword"),
                    ...authorizationVariable(alertmanager, secret.metadata.name),
                  ],
                  ports: [{ name: "http", containerPort: port }],
                  ...httpProbes({ port: "http", readyPath: "/api/health" }),
                  resources:
                    args.resources ??
                    resources({ cpu: "50m", cpuLimit: "500m", memory: "128Mi", memoryLimit: "512Mi" }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [
                    { name: "data", mountPath: "/var/lib/grafana" },
                    { name: "tmp", mountPath: "/tmp" },
                    { name: "provisioning", mountPath: "/etc/grafana/provisioning", readOnly: true },
                    { name: "dashboards", mountPath: dashboardsPath, readOnly: true },
                    appDashboardsMount(true),
                  ],
                },
              ],
              volumes: [
                { name: "data", emptyDir: { sizeLimit: "1Gi" } },
                { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
                {
                  name: "provisioning",
                  configMap: {
                    name: provisioning.metadata.name,
                    items: ["datasources", "dashboards"].map((kind) => ({
                      key: `${kind}.yaml`,
                      path: `${kind}/${kind}.yaml`,
                    })),
                  },
                },
                { name: "dashboards", projected: { sources: dashboardSources } },
                appDashboardsVolume,
                tokenVolume,
              ],
            },
          },
        },
      },
      { parent: this },
    );
    if (args.ingress !== undefined) {
      const { host, className, tlsSecretName, clusterIssuer } = args.ingress;
      new Ingress(
        name,
        {
          metadata: {
            ...partMetadata(common),
            annotations:
              clusterIssuer === undefined ? undefined : { "cert-manager.io/cluster-issuer": clusterIssuer },
          },
          spec: {
            ingressClassName: className ?? managedIngress.className,
            tls: [{ hosts: [host], secretName: tlsSecretName ?? "grafana-tls" }],
            rules: [
              {
                host,
                http: {
                  paths: [
                    {
                      path: "/",
                      pathType: "Prefix",
                      backend: { service: { name: service.metadata.name, port: { name: "http" } } },
                    },
                  ],
                },
              },
            ],
          },
        },
        { parent: this },
      );
    }
    const callers = [...(args.callers ?? []), ...ingressController(args.ingress)];
    partNetworkPolicy({
      ...common,
      ingress: callers.length === 0 ? [] : [{ peers: callers, ports: [{ port }] }],
      egress: [influxDb.flow, alertmanager.flow, toApiServer],
    });

    this.registerOutputs({ adminPassword: this.adminPassword });
  }
}

/** The managed ingress controller of AKS (application routing). */
const managedIngress = {
  className: "webapprouting.kubernetes.azure.com",
  namespace: "app-routing-system",
} as const;

function ingressController(ingress: GrafanaIngressArgs | undefined): PolicyPeer[] {
  if (ingress === undefined) return [];
  const namespace = ingress.controllerNamespace ?? managedIngress.namespace;
  return [{ namespaceSelector: namespaceNamed(namespace), podSelector: {} }];
}
