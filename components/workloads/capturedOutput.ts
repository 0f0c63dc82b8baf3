import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { captureStdoutScript } from "../fluentd/captureStdout";

const volumeName = "capture-stdout";
const scriptPath = "/opt/ds-monitoring";
const scriptFile = "capture-stdout.sh";

/** How a container mounts the script that copies output to log files. */
export const captureMount: inputs.core.v1.VolumeMount = {
  name: volumeName,
  mountPath: scriptPath,
  readOnly: true,
};

/** The volume of the script, which a pod mounts where one of its containers is captured. */
export function captureVolume(
  name: string,
  namespace: pulumi.Input<string>,
  parent: pulumi.Resource,
): inputs.core.v1.Volume {
  const script = new ConfigMap(
    `${name}-capture-stdout`,
    { metadata: { namespace }, immutable: true, data: { [scriptFile]: captureStdoutScript } },
    { parent },
  );
  return { name: volumeName, configMap: { name: script.metadata.name } };
}

/**
 * The command of a container whose output is copied to log files.
 *
 * @throws Error when there is none: only the image knows its entrypoint
 */
export function capturedCommand(
  title: string,
  command: pulumi.Input<pulumi.Input<string>[]> | undefined,
): pulumi.Output<string[]> {
  if (command === undefined) {
    throw new Error(
      `${title}: captureStdout needs \`command\`, the program that prints, e.g. ["python", "-m", "app"]`,
    );
  }
  return pulumi.output(command).apply((known) => ["sh", `${scriptPath}/${scriptFile}`, ...known]);
}
