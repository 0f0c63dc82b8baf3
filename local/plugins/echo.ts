import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Provider } from "@pulumi/pulumi/provider";
import { plain, resourceOf, type Properties, type ResourceName } from "./properties";

/** Allows made-up resources to enter a state. For tests of this repository alone. */
export const echoUpVariable = "DS_MONITORING_ECHO_UP";

/** The output by which a made-up resource is told from a real one. */
const mark = "__standIn";

/** What a stand-in for a cloud's plugin makes up. */
export interface EchoPackage {
  /** The plugin's name, for example `azure-native`. */
  name: string;
  /** What the real plugin talks to, for messages. */
  service: string;
  /** Inputs whose change replaces a resource. */
  replaceOn: readonly string[];
  /** The id and the computed outputs of a resource, the same for the same resource each time. */
  outputs(resource: ResourceName, inputs: Properties): { id: string; outputs: Properties };
  /** The functions that the programs of this repository call, by token. */
  functions: Readonly<Record<string, (args: Properties) => Properties>>;
}

/** A short text that follows from the seed alone. */
export function derived(seed: string, length = 8): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, length);
}

/**
 * A stand-in for a cloud's plugin, for previews without that cloud: a resource is what its inputs say, and everything
 * else is unknown. It refuses an `up` unless DS_MONITORING_ECHO_UP=1 is in `env`.
 */
export function echoProvider(echoed: EchoPackage, version: string, env = process.env): Provider {
  const computed = (urn: string, inputs: Properties) => {
    const { id, outputs } = echoed.outputs(resourceOf(urn), plain(inputs));
    return { id, outs: { ...outputs, ...inputs, [mark]: echoed.name } };
  };
  const requirePermission = (action: string, urn: string, state?: Properties) => {
    const { type, name } = resourceOf(urn);
    const refusal = `the stand-in for ${echoed.name} cannot ${action} ${type} ${name} in ${echoed.service}`;
    const advice = `put the real ${echoed.name} plugin on PATH or in PULUMI_HOME`;
    if (env[echoUpVariable] !== "1") {
      throw new Error(`${refusal}, it serves previews only: ${advice} (tests may set ${echoUpVariable}=1)`);
    }
    if (state !== undefined && state[mark] !== echoed.name)
      throw new Error(`${refusal}: the state holds a real resource: ${advice}`);
  };

  return {
    version,
    async diff(_id, urn, olds: Properties, news: Properties) {
      const [before, after] = [plain(olds), plain(news)];
      const made = computed(urn, after).outs;
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        // What is in the state and no input was made up, or is an input that the program has left out now.
        (key) => (key in after || !(key in made)) && !isDeepStrictEqual(before[key], after[key]),
      );
      return {
        changes: changed.length > 0,
        replaces: changed.filter((key) => echoed.replaceOn.includes(key)),
      };
    },
    async create(urn, inputs: Properties) {
      requirePermission("create", urn);
      return computed(urn, inputs);
    },
    async update(_id, urn, olds: Properties, news: Properties) {
      requirePermission("update", urn, olds);
      return computed(urn, news);
    },
    async read(id, urn, props: Properties) {
      requirePermission("read", urn, props);
      return { id, props };
    },
    async delete(_id, urn, props: Properties) {
      requirePermission("delete", urn, props);
    },
    async invoke(token, args: Properties) {
      const answer = echoed.functions[token];
      if (answer !== undefined) return { outputs: answer(args) };
      const known = Object.keys(echoed.functions).join(", ") || "none";
      throw new Error(
        `the stand-in for ${echoed.name} has no function ${token} (it has ${known}): add it there`,
      );
    },
  };
}
