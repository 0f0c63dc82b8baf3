import * as pulumi from "@pulumi/pulumi";
import { readClusterConfig } from "./clusterConfig";
import type { AksClusterArgs } from "./components/cluster/aksCluster";
import { ConfigSource, optional, required, textLike, trueOrFalse } from "./configReader";

/** What a stack's configuration says, checked; docs of each key are in Pulumi.yaml. */
export interface StackConfig {
  environment: string;
  protectData: boolean;
  /** The cluster that the stack makes; undefined when it uses an existing one. */
  cluster?: AksClusterArgs;
  kubeconfig?: pulumi.Output<string>;
  kubeContext?: string;
  storageClass?: string;
  influxDbStorage: string;
}

const quantity = textLike(/^\d+(\.\d+)?(Mi|Gi|Ti)$/, "a Kubernetes quantity in Mi, Gi or Ti", "50Gi");
const name = textLike(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and "-"', "dev");
const anyText = textLike(/\S/, "a text", "my-context");

/**
 * Reads and checks the configuration of the stack, before anything is created.
 *
 * @throws Error that names the key, what is allowed and an example
 */
export function readConfig(config: pulumi.Config): StackConfig {
  const source = stackSource(config);
  return {
    environment: required(source, "environment", name),
    protectData: optional(source, "protectData", trueOrFalse) ?? true,
    cluster: readClusterConfig(source),
    kubeconfig: config.getSecret("kubeconfig"),
    kubeContext: optional(source, "kubeContext", anyText),
    storageClass: optional(source, "storageClass", name),
    influxDbStorage: optional(source, "influxDbStorage", quantity) ?? "50Gi",
  };
}

/** Values as YAML wrote them: the engine hands over everything as text. */
function stackSource(config: pulumi.Config): ConfigSource {
  return {
    prefix: `${config.name}:`,
    get: (key) => {
      const text = config.get(key);
      if (text === undefined) return undefined;
      try {
        const value: unknown = JSON.parse(text);
        return value;
      } catch {
        return text;
      }
    },
  };
}
