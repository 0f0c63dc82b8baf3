import type { input as inputs } from "@pulumi/kubernetes/types";
import { images } from "../images";
import { tokenMount } from "../kubernetes/apiServer";
import { restrictedContainerSecurityContext } from "../kubernetes/podSecurity";
import { httpProbes } from "../kubernetes/probes";
import { resources } from "../kubernetes/resources";
import type { PlatformContainer } from "../platform/partObjects";

/** Label and annotation by which the reader finds the ConfigMaps of dashboards, in any namespace. */
export const dashboardConfigMap = {
  label: { key: "grafana_dashboard", value: "1" },
  folderAnnotation: "grafana_folder",
} as const;

/** Where Grafana finds the dashboards of apps. */
export const appDashboardsPath = "/var/lib/app-dashboards";

/** The volume that the reader writes and Grafana reads. */
export const appDashboardsVolume: inputs.core.v1.Volume = {
  name: "app-dashboards",
  emptyDir: { sizeLimit: "256Mi" },
};

/** How a container mounts {@link appDashboardsVolume}. */
export function appDashboardsMount(readOnly: boolean): inputs.core.v1.VolumeMount {
  return { name: "app-dashboards", mountPath: appDashboardsPath, readOnly };
}

/** What the reader does at the API server, in every namespace. */
export const readConfigMaps: inputs.rbac.v1.PolicyRule = {
  apiGroups: [""],
  resources: ["configmaps"],
  verbs: ["get", "list", "watch"],
};

const healthPort = 8080;

/**
 * The container that copies the dashboards of apps from their ConfigMaps, as a native sidecar of Grafana. It alone
 * mounts the token.
 *
 * Nothing about it may hold up Grafana: it has no startup or readiness probe, only one that restarts it alone.
 *
 * Source: https://github.com/kiwigrid/k8s-sidecar#configuration-environment-variables
 */
export function appDashboardsReader(): PlatformContainer {
  const { label, folderAnnotation } = dashboardConfigMap;
  const { livenessProbe } = httpProbes({ port: "health", readyPath: "/healthz" });
  return {
    name: "app-dashboards",
    image: images.k8sSidecar,
    restartPolicy: "Always",
    env: [
      { name: "METHOD", value: "WATCH" },
      { name: "NAMESPACE", value: "ALL" },
      { name: "RESOURCE", value: "configmap" },
      { name: "LABEL", value: label.key },
      { name: "LABEL_VALUE", value: label.value },
      { name: "FOLDER", value: appDashboardsPath },
      { name: "FOLDER_ANNOTATION", value: folderAnnotation },
      // Two apps may call a file alike.
      { name: "UNIQUE_FILENAMES", value: "true" },
      { name: "HEALTH_PORT", value: String(healthPort) },
    ],
    ports: [{ name: "health", containerPort: healthPort }],
    livenessProbe,
    resources: resources({ cpu: "10m", cpuLimit: "200m", memory: "96Mi", memoryLimit: "256Mi" }),
    securityContext: restrictedContainerSecurityContext(),
    volumeMounts: [appDashboardsMount(false), tokenMount],
  };
}
