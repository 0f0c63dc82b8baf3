import type * as pulumi from "@pulumi/pulumi";
import {
  AppNamespace,
  ModelVolume,
  ModelApi,
  type MonitoringConnection,
  Pipeline,
  type StorageArgs,
} from "../../components";
import { version } from "../../package.json";

/** Arguments of {@link penguins}. */
export interface PenguinsArgs {
  /** The platform that monitors it. */
  monitoring: MonitoringConnection;
  /** Registry that holds its images, e.g. `registry.example.com/team`. */
  registry: string;
  /** Volume of the models. */
  storage: StorageArgs;
  /** Refuse to delete the volume. */
  protect: boolean;
}

const namespaceName = "penguins";
const steps = ["load", "clean", "outliers", "drift", "train", "evaluate", "decide"];

/** The URL that the platform probes; known before the API exists. */
export const penguinsProbe = {
  service: "penguins-api",
  url: `http://penguins-api.${namespaceName}.svc:8080/healthz`,
};

/** The worked example: a pipeline that trains and approves a model, and the API that serves it from the same volume. */
export function penguins(
  args: PenguinsArgs,
  opts: pulumi.ComponentResourceOptions,
): { api: ModelApi; pipeline: Pipeline } {
  const { monitoring, registry, storage, protect } = args;
  const namespace = new AppNamespace("penguins", { monitoring, namespaceName }, opts);
  const models = new ModelVolume("penguins-models", { namespace, ...storage, protect }, opts);
  const image = `${registry}/penguins-pipeline:${version}`;
  const pipeline = new Pipeline(
    "penguins-training",
    {
      schedule: "0 3 * * 1",
      // The API is not ready without a model, and should not wait for Monday.
      runOnCreate: true,
      steps: steps.map((step) => ({ name: step, image, args: [step], env: { YEAR: "2009" } })),
      monitoring,
      namespace,
      models,
    },
    opts,
  );
  const api = new ModelApi(
    "penguins-api",
    {
      image: `${registry}/penguins-api:${version}`,
      model: { name: "penguins", version },
      livePath: "/livez",
      replicas: { min: 2, max: 4 },
      driftCheck: {},
      monitoring,
      namespace,
      models,
    },
    opts,
  );
  return { api, pipeline };
}
