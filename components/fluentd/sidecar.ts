import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { imageIn } from "../kubernetes/imageRegistry";
import { restrictedContainerSecurityContext } from "../kubernetes/podSecurity";
import { resources } from "../kubernetes/resources";
import { configPath, logDirectory, sidecarBufferPath, temporaryDirectory } from "./paths";
import { sidecarArguments } from "./runFluentd";

/** What a pod needs to know to send its logs: a {@link Logging} has it. */
export interface LoggingReferences {
  /** ConfigMap in the pod's namespace that holds the sidecar's `fluent.conf`. */
  configMapName: pulumi.Input<string>;
  /** Secret in the pod's namespace that holds `sharedKey`. */
  sharedKeySecretName: pulumi.Input<string>;
  /**
   * Registry of the sidecar's image.
   * @default Docker Hub
   */
  imageRegistry?: pulumi.Input<string | undefined>;
}

/** A container whose lists are plain, so that they can be added to. */
export interface LoggedContainer extends inputs.core.v1.Container {
  env?: inputs.core.v1.EnvVar[];
  volumeMounts?: inputs.core.v1.VolumeMount[];
}

/** A pod spec whose lists are plain, so that they can be added to; every other field may be an output. */
export interface LoggedPodSpec extends inputs.core.v1.PodSpec {
  containers: LoggedContainer[];
  initContainers?: LoggedContainer[];
  volumes?: inputs.core.v1.Volume[];
}

/** Uid and gid of `fluent` in the stock image since 1.19. */
const fluentUid = 999;

/**
 * How long the sidecar waits before it stops, in seconds: files that appeared last are found every second or so,
 * and a file that was not found before the shutdown is lost.
 */
const discoverySeconds = 5;

/** How long the sidecar then has for its last read and to flush its buffer, in seconds. */
const flushSeconds = 25;

const defaultGraceSeconds = 30;

const volumeNames = { logs: "logs", config: "logging-config", state: "logging-state" } as const;

const sidecarResources = resources({
  cpu: "25m",
  cpuLimit: "500m",
  memory: "96Mi",
  memoryLimit: "256Mi",
});

/**
 * The Fluentd sidecar, as a native one: an init container that keeps running. It starts before the app, stops after
 * it, and lets a Job end.
 *
 * Nothing about it may hold up the work: it has no startup or readiness probe, and a missing Secret only costs logs.
 */
export function loggingSidecar(logging: LoggingReferences): inputs.core.v1.Container {
  return {
    name: "logging",
    image: imageIn(logging.imageRegistry, images.fluentd),
    restartPolicy: "Always",
    args: ["sh", ...sidecarArguments(configPath)],
    env: [
      {
        name: "FLUENTD_SHARED_KEY",
        valueFrom: {
          secretKeyRef: { name: logging.sharedKeySecretName, key: "sharedKey", optional: true },
        },
      },
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "TMPDIR", value: temporaryDirectory },
    ],
    lifecycle: { preStop: { exec: { command: ["sleep", String(discoverySeconds)] } } },
    resources: sidecarResources,
    securityContext: {
      ...restrictedContainerSecurityContext(),
      runAsUser: fluentUid,
      runAsGroup: fluentUid,
    },
    volumeMounts: [
      { name: volumeNames.logs, mountPath: logDirectory },
      { name: volumeNames.config, mountPath: configPath, readOnly: true },
      { name: volumeNames.state, mountPath: sidecarBufferPath },
    ],
  };
}

/**
 * Wires any pod to the monitoring: adds the sidecar, mounts the shared log volume into every container at
 * `/var/log/app` (also in the variable LOG_DIR), and lengthens the grace period by what the sidecar needs.
 *
 * @param podSpec the pod of a Deployment, StatefulSet, Job or CronJob; not changed
 * @param logging a {@link Logging} of the pod's namespace
 * @returns a new pod spec
 * @throws Error when the pod already has a container or volume of a name that is added here
 *
 * @example
 * const logging = new Logging("shop-web", { monitoring, namespace, service: "shop-web" });
 * const spec = withLogging({ containers: [{ name: "web", image: "nginx:1.29.3" }] }, logging);
 */
export function withLogging(podSpec: LoggedPodSpec, logging: LoggingReferences): inputs.core.v1.PodSpec {
  const sidecar = loggingSidecar(logging);
  const initContainers = podSpec.initContainers ?? [];
  const added: inputs.core.v1.Volume[] = [
    { name: volumeNames.logs, emptyDir: { sizeLimit: "1Gi" } },
    { name: volumeNames.state, emptyDir: { sizeLimit: "1Gi" } },
    { name: volumeNames.config, configMap: { name: logging.configMapName, optional: true } },
  ];
  refuseTaken("container", [...initContainers, ...podSpec.containers], [sidecar]);
  refuseTaken("volume", podSpec.volumes ?? [], added);
  return {
    ...podSpec,
    initContainers: [sidecar, ...initContainers.map(withLogVolume)],
    containers: podSpec.containers.map(withLogVolume),
    volumes: [...(podSpec.volumes ?? []), ...added],
    terminationGracePeriodSeconds: pulumi
      .output(podSpec.terminationGracePeriodSeconds)
      .apply((seconds) => (seconds ?? defaultGraceSeconds) + discoverySeconds + flushSeconds),
  };
}

function withLogVolume(container: LoggedContainer): LoggedContainer {
  return {
    ...container,
    env: [...(container.env ?? []), { name: "LOG_DIR", value: logDirectory }],
    volumeMounts: [...(container.volumeMounts ?? []), { name: volumeNames.logs, mountPath: logDirectory }],
  };
}

function refuseTaken(
  kind: string,
  present: { name?: pulumi.Input<string> }[],
  added: { name?: pulumi.Input<string> }[],
): void {
  const taken = added.find(({ name }) => present.some((one) => one.name === name));
  if (taken !== undefined) {
    throw new Error(
      `withLogging adds a ${kind} named "${String(taken.name)}", and the pod already has one: rename the pod's own`,
    );
  }
}
