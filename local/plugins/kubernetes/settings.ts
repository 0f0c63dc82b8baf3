import { isTrue, type CheckFailure, type DiffResult } from "../server";
import { diffProperties } from "../propertyDiff";
import { hasUnknowns, unknown, type Properties } from "../values";
import { loadKubeConfig, serverOf, type ClusterSettings } from "./cluster";

/** The provider's settings that the stand-in follows, as `@pulumi/kubernetes` names them. */
export interface Settings extends ClusterSettings {
  /** @default the namespace of the context, then `default` */
  namespace?: string;
  deleteUnreachable: boolean;
  enableConfigMapMutable: boolean;
  enablePatchForce: boolean;
  enableSecretMutable: boolean;
  suppressDeprecationWarnings: boolean;
  upsertExistingObjects: boolean;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value !== unknown ? value : undefined;
}

/** Reads the settings from the provider's inputs, then from the environment as the real plugin does. */
export function readSettings(inputs: Properties, environment: NodeJS.ProcessEnv): Settings {
  const flag = (value: unknown, variable: string) => isTrue(value ?? environment[variable]);
  return {
    kubeconfig: text(inputs.kubeconfig) ?? text(environment.KUBECONFIG),
    context: text(inputs.context),
    cluster: text(inputs.cluster),
    namespace: text(inputs.namespace),
    deleteUnreachable: flag(inputs.deleteUnreachable, "PULUMI_K8S_DELETE_UNREACHABLE"),
    enableConfigMapMutable: flag(inputs.enableConfigMapMutable, "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    enablePatchForce: flag(inputs.enablePatchForce, "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    enableSecretMutable: flag(inputs.enableSecretMutable, "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    suppressDeprecationWarnings: flag(
      inputs.suppressDeprecationWarnings,
      "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
    ),
    upsertExistingObjects: flag(inputs.upsertExistingObjects, "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
  };
}

/** Says which settings cannot be followed. */
export function checkSettings(inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (inputs.enableServerSideApply === false || inputs.enableServerSideApply === "false") {
    const reason = "the stand-in knows server-side apply only: leave enableServerSideApply out or true";
    failures.push({ property: "enableServerSideApply", reason });
  }
  for (const property of ["renderYamlToDirectory", "skipUpdateUnreachable"]) {
    if (inputs[property] === undefined || inputs[property] === "false") continue;
    failures.push({
      property,
      reason: `the stand-in has no ${property}: put the real plugin on PATH, or leave it out`,
    });
  }
  if (hasUnknowns(inputs) || text(inputs.kubeconfig) === undefined) return failures;
  try {
    loadKubeConfig(readSettings(inputs, {}));
  } catch (error) {
    failures.push({ property: "kubeconfig", reason: (error as Error).message });
  }
  return failures;
}

/**
 * A provider is replaced, and all its resources with it, when it points at another cluster: by its
 * `clusterIdentifier` where one is set, by the URL of the API server otherwise.
 */
export function diffSettings(oldInputs: Properties, inputs: Properties): DiffResult {
  const changes = diffProperties(oldInputs, inputs);
  const identified = oldInputs.clusterIdentifier !== undefined || inputs.clusterIdentifier !== undefined;
  const deciding = identified ? ["clusterIdentifier"] : ["kubeconfig", "context", "cluster"];
  const candidates = changes.map(({ path }) => path).filter((path) => deciding.includes(String(path[0])));
  const moved = candidates.length > 0 && (identified || isOtherServer(oldInputs, inputs));
  return { changes, replaces: moved ? candidates : [] };
}

function isOtherServer(oldInputs: Properties, inputs: Properties): boolean {
  if (hasUnknowns(inputs)) return false;
  try {
    return serverOf(readSettings(oldInputs, {})) !== serverOf(readSettings(inputs, {}));
  } catch {
    // A kubeconfig that can be read no more does not prove another cluster.
    return false;
  }
}
