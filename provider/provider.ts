import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult, Provider } from "@pulumi/pulumi/provider";
import { Monitoring } from "../components/monitoring";
import { ModelApi } from "../components/workloads/modelApi";
import { Pipeline } from "../components/workloads/pipeline";
import { modelApiArgs, monitoringArgs, pipelineArgs } from "./arguments";
import type { ModelApiArgs, MonitoringArgs, PipelineArgs } from "./declarations";
import { inputProblems, type PackageSchema } from "./schema";

type Construct = (
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => ConstructResult;

/** The library's components themselves, so that a stack is the same in every language. */
const components: Readonly<Record<string, Construct>> = {
  "ds-monitoring:index:Monitoring": (name, inputs, options) => {
    const { urn, connection, grafanaUrl, grafanaAdminPassword } = new Monitoring(
      name,
      monitoringArgs(inputs as MonitoringArgs),
      options,
    );
    // As one secret: programs in YAML lose a secret inside of an object.
    return { urn, state: { connection: pulumi.secret(connection), grafanaUrl, grafanaAdminPassword } };
  },
  "ds-monitoring:index:ModelApi": (name, inputs, options) => {
    const { urn, url, namespaceName } = new ModelApi(
      name,
      modelApiArgs(name, inputs as ModelApiArgs),
      options,
    );
    return { urn, state: { url, namespaceName } };
  },
  "ds-monitoring:index:Pipeline": (name, inputs, options) => {
    const { urn, cronJobName, namespaceName } = new Pipeline(
      name,
      pipelineArgs(name, inputs as PipelineArgs),
      options,
    );
    return { urn, state: { cronJobName, namespaceName } };
  },
};

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
      const component = components[type];
      if (component === undefined) throw new Error(`${type} has a schema but no component`);
      if (problem === undefined) return component(name, inputs, options);
      throw more.length === 0
        ? new pulumi.InputPropertyError(problem)
        : new pulumi.InputPropertiesError({ message: `${type} "${name}"`, errors: problems });
    },
  };
}
