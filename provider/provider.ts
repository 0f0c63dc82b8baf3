import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/pulumi/provider";
import { Monitoring } from "../components/monitoring";
import { ModelApi } from "../components/workloads/modelApi";
import { Pipeline } from "../components/workloads/pipeline";
import { inputProblems, type PackageSchema } from "./schema";

/** The library's components themselves, so that a stack is the same in every language. */
const components: Readonly<Record<string, unknown>> = { ModelApi, Monitoring, Pipeline };

/** Names of the components that other languages have. */
export const componentNames = Object.keys(components);

type Component = new (
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource;

/**
 * The library as a Pulumi provider, for programs in other languages than TypeScript.
 *
 * @param schema the package's schema as JSON, made by scripts/providerSchema.ts
 */
export function componentProvider(schema: string): Provider {
  const parsed = JSON.parse(schema) as PackageSchema;
  return {
    version: parsed.version,
    schema,
    construct: async (name, type, inputs, options) => {
      const problems = inputProblems(parsed, type, inputs);
      const [problem, ...more] = problems;
      if (problem !== undefined) {
        throw more.length === 0
          ? new pulumi.InputPropertyError(problem)
          : new pulumi.InputPropertiesError({ message: `${type} "${name}"`, errors: problems });
      }
      const component = new (components[type.split(":").at(-1) ?? ""] as Component)(name, inputs, options);
      const outputs = Object.keys(parsed.resources[type]?.properties ?? {}).map((key) => {
        const value = component[key as keyof typeof component] as unknown;
        // As one secret: programs in YAML lose a secret inside of an object.
        const isObject = typeof value === "object" && !pulumi.Output.isInstance(value);
        return [key, isObject ? pulumi.secret(value) : value];
      });
      return { urn: component.urn, state: Object.fromEntries(outputs) as pulumi.Inputs };
    },
  };
}
