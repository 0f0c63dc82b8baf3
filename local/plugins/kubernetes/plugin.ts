import { diffProperties } from "../propertyDiff";
import {
  InitializationError,
  type CheckFailure,
  type CheckRequest,
  type CheckResult,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type Log,
  type Plugin,
  type ReadRequest,
  type ReadResult,
  type ResourceRequest,
  type UpdateRequest,
} from "../server";
import { hasUnknowns, isObject, unknown, withoutNulls, type Properties } from "../values";
import { ApiError, Cluster, loadKubeConfig, UnreachableError } from "./cluster";
import {
  inputsOf,
  isAutonamed,
  outputsOf,
  previewOf,
  previewWithoutServer,
  savedFieldManager,
  toApply,
  withSecrets,
} from "./live";
import { autonamed, fieldManagerOf, newName } from "./naming";
import { describe, idOf, refOf, type KubernetesObject, type ObjectMeta, type ObjectRef } from "./objects";
import { askForReplacements, knownReplacements } from "./replacement";
import { checkSettings, diffSettings, readSettings, type Settings } from "./settings";
import { waitUntilGone, waitUntilReady, type WaitOptions } from "./waiting";

const annotationPrefix = "pulumi.com/";
const unsupportedAnnotations = ["waitFor", "replaceUnready", "patchFieldManager"].map(
  (name) => annotationPrefix + name,
);
const defaultTimeoutSeconds = 600;
const claimTimeoutSeconds = 300;

function annotationOf(inputs: Properties, name: string): string | undefined {
  return (inputs.metadata as ObjectMeta | undefined)?.annotations?.[annotationPrefix + name];
}

/** In a preview these say only that something else is still to be created. */
function isNotYetThere(error: ApiError): boolean {
  if (error.status === 404) return true;
  return /error looking up service account|does not support dry run/.test(error.message);
}

/** A stand-in for the `kubernetes` plugin: server-side apply against a real API server. */
export class KubernetesPlugin implements Plugin {
  readonly supportsAutonaming = true;
  private settings: Settings = readSettings({}, {});
  private cluster?: Cluster;
  private log: Log = () => undefined;
  private readonly cancelled = new AbortController();
  /** Resources that have a state: an object of theirs is no remnant of an interrupted creation. */
  private readonly withState = new Set<string>();

  constructor(readonly version: string) {}

  checkConfig(inputs: Properties): CheckFailure[] {
    return checkSettings(inputs);
  }

  diffConfig(oldInputs: Properties, inputs: Properties): DiffResult {
    return diffSettings(oldInputs, inputs);
  }

  async configure(inputs: Properties, log: Log): Promise<void> {
    this.settings = readSettings(inputs, process.env);
    this.log = log;
  }

  cancel(): void {
    this.cancelled.abort();
  }

  async check({ type, name, olds, news, autonaming }: CheckRequest): Promise<CheckResult> {
    const inputs = withoutNulls(news);
    const { apiVersion, kind } = inputs as { apiVersion?: string; kind?: string };
    if (!apiVersion || !kind) return { inputs, failures: [unsupportedType(type)] };
    if (type.split(":").at(-1) !== kind || Array.isArray(inputs.items)) {
      return { inputs, failures: [unsupportedType(type)] };
    }
    // Wholly unknown metadata is looked at again once it is known.
    if (inputs.metadata === unknown) return { inputs };
    const failures: CheckFailure[] = [];
    const metadata: ObjectMeta = { ...(inputs.metadata as ObjectMeta | undefined) };
    for (const annotation of unsupportedAnnotations) {
      if (metadata.annotations?.[annotation] === undefined) continue;
      const reason = `the stand-in does not know ${annotation}: put the real plugin on PATH, or leave it out`;
      failures.push({ property: `metadata.annotations["${annotation}"]`, reason });
    }
    if (!metadata.name && !metadata.generateName) {
      const kept = isAutonamed(olds) ? (olds.metadata as ObjectMeta).name : undefined;
      if (!kept && autonaming?.mode === "disable") {
        failures.push({
          property: "metadata.name",
          reason: "automatic naming is disabled: give the object a name",
        });
      }
      const proposed = autonaming && autonaming.mode !== "disable" ? autonaming.proposedName : undefined;
      metadata.name = kept ?? proposed ?? newName(name);
      metadata.annotations = { ...metadata.annotations, [autonamed]: "true" };
    }
    if (!metadata.namespace && (await this.isNamespaced(apiVersion, kind)))
      metadata.namespace = this.defaultNamespace();
    return { inputs: withSecrets({ ...inputs, metadata }), failures };
  }

  async diff({ urn, state, oldInputs, inputs }: DiffRequest): Promise<DiffResult> {
    this.withState.add(urn);
    const changes = diffProperties(withoutNulls(oldInputs), inputs);
    if (changes.length === 0) return { changes, replaces: [] };
    const object = inputs as KubernetesObject;
    let replaces = knownReplacements(object.kind, changes, this.settings);
    if (replaces.length === 0 && !hasUnknowns(inputs)) {
      replaces = await askForReplacements(
        () => this.apply(object, { urn, fieldManager: savedFieldManager(state), dryRun: true }),
        changes,
      );
    }
    const before = refOf(oldInputs as KubernetesObject);
    const after = refOf(object);
    const sameName = idOf(before) === idOf(after) && !isAutonamed(inputs);
    return { changes, replaces, deleteBeforeReplace: replaces.length > 0 && sameName };
  }

  async create(request: CreateRequest): Promise<{ id: string; state: Properties }> {
    const { urn, preview } = request;
    const inputs = request.inputs as KubernetesObject;
    if (preview && hasUnknowns(inputs)) return { id: "", state: previewWithoutServer(inputs, undefined) };
    const ref = refOf(inputs);
    const existing = ref.name === "" ? undefined : await this.existing(ref, preview);
    // In a preview the object that is to be replaced still stands.
    if (preview && existing && this.withState.has(urn)) {
      return { id: "", state: previewWithoutServer(inputs, undefined) };
    }
    if (existing?.metadata.deletionTimestamp && !preview) {
      await waitUntilGone(this.connect(), ref, existing.metadata.uid, this.waitOptions(request, inputs));
    } else if (existing) {
      this.requireAdoptable(urn, existing);
    }
    if (preview) return { id: "", state: await this.preview(inputs, request, undefined) };
    const applied = await this.apply(inputs, { urn });
    const state = await this.settle(applied, request, fieldManagerOf(urn));
    return { id: idOf(refOf(applied)), state };
  }

  async update(request: UpdateRequest): Promise<Properties> {
    const { urn, state, preview } = request;
    const inputs = request.inputs as KubernetesObject;
    if (preview) {
      return hasUnknowns(inputs) ? previewWithoutServer(inputs, state) : this.preview(inputs, request, state);
    }
    const fieldManager = savedFieldManager(state);
    const applied = await this.apply(inputs, { urn, fieldManager });
    return this.settle(applied, request, fieldManager ?? fieldManagerOf(urn));
  }

  async read({ id, urn, type, state, inputs }: ReadRequest): Promise<ReadResult | undefined> {
    const ref = isObject(inputs.metadata)
      ? refOf(inputs as KubernetesObject)
      : await this.refFromId(type, id);
    const live = await this.connect().get(ref);
    if (!live) return undefined;
    const fieldManager = savedFieldManager(state) ?? fieldManagerOf(urn);
    return { id: idOf(refOf(live)), state: outputsOf(live, fieldManager), inputs: inputsOf(live, inputs) };
  }

  async delete(request: DeleteRequest): Promise<void> {
    const object = request.state as KubernetesObject;
    const ref = refOf(object);
    const policy = annotationOf(object, "deletionPropagationPolicy") ?? "foreground";
    try {
      const found = await this.connect().delete(ref, policy.charAt(0).toUpperCase() + policy.slice(1));
      if (!found || annotationOf(object, "skipAwait") === "true") return;
      await waitUntilGone(this.connect(), ref, object.metadata.uid, this.waitOptions(request, object));
    } catch (error) {
      if (!(error instanceof UnreachableError) || !this.settings.deleteUnreachable) throw error;
      this.log("warning", `${describe(ref)} is forgotten, not deleted: ${error.message}`, request.urn);
    }
  }

  private connect(): Cluster {
    this.cluster ??= new Cluster(loadKubeConfig(this.settings));
    return this.cluster;
  }

  private defaultNamespace(): string {
    return this.settings.namespace ?? this.connect().namespace ?? "default";
  }

  private async isNamespaced(apiVersion: string, kind: string): Promise<boolean> {
    try {
      return (await this.connect().kindOf(apiVersion, kind)).namespaced;
    } catch (error) {
      // A custom kind whose definition is still to be created: most are namespaced.
      if (error instanceof ApiError && error.status === 404) return true;
      throw error;
    }
  }

  private async existing(ref: ObjectRef, preview: boolean): Promise<KubernetesObject | undefined> {
    try {
      return await this.connect().get(ref);
    } catch (error) {
      if (preview && error instanceof ApiError && isNotYetThere(error)) return undefined;
      throw error;
    }
  }

  /** An object may be taken over when this very resource made it, in a run that was cut off. */
  private requireAdoptable(urn: string, existing: KubernetesObject): void {
    if (this.settings.upsertExistingObjects) return;
    const manager = fieldManagerOf(urn);
    const ours = existing.metadata.managedFields?.some((entry) => entry.manager === manager) ?? false;
    if (ours && !this.withState.has(urn)) return;
    throw new Error(
      `${describe(refOf(existing))} exists already and is not this resource's: import it (resource option import), ` +
        "choose another metadata.name, or set the provider's upsertExistingObjects",
    );
  }

  private async apply(
    inputs: KubernetesObject,
    { urn, fieldManager, dryRun = false }: { urn: string; fieldManager?: string; dryRun?: boolean },
  ): Promise<KubernetesObject> {
    const force = annotationOf(inputs, "patchForce") ?? this.settings.enablePatchForce;
    try {
      return await this.connect().apply(toApply(inputs), {
        fieldManager: fieldManager ?? fieldManagerOf(urn),
        force: force === true || force === "true",
        dryRun,
        onWarning: (message) => {
          if (!dryRun && !this.settings.suppressDeprecationWarnings) this.log("warning", message, urn);
        },
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) {
        const advice =
          "leave those fields out, or set the annotation pulumi.com/patchForce to take them over";
        throw new Error(`${describe(refOf(inputs))}: ${error.message}: ${advice}`);
      }
      throw error;
    }
  }

  private async preview(
    inputs: KubernetesObject,
    { urn }: ResourceRequest,
    state: Properties | undefined,
  ): Promise<Properties> {
    const fieldManager = state && savedFieldManager(state);
    try {
      const answer = await this.apply(inputs, { urn, fieldManager, dryRun: true });
      return previewOf(answer, state !== undefined, fieldManager ?? fieldManagerOf(urn));
    } catch (error) {
      if (error instanceof ApiError && isNotYetThere(error)) return previewWithoutServer(inputs, state);
      throw error;
    }
  }

  /** Waits for an applied object to become ready; returns its outputs. */
  private async settle(
    applied: KubernetesObject,
    request: CreateRequest,
    fieldManager: string,
  ): Promise<Properties> {
    if (annotationOf(request.inputs, "skipAwait") === "true") return outputsOf(applied, fieldManager);
    const options = this.waitOptions(request, applied);
    const { object, reasons } = await waitUntilReady(this.connect(), applied, options);
    const state = outputsOf(object, fieldManager);
    if (reasons.length > 0) throw new InitializationError(idOf(refOf(applied)), state, reasons);
    return state;
  }

  private waitOptions(
    request: { urn: string; timeoutSeconds?: number },
    object: KubernetesObject,
  ): WaitOptions {
    const annotated = Number(annotationOf(object, "timeoutSeconds") ?? NaN);
    const standard = object.kind === "PersistentVolumeClaim" ? claimTimeoutSeconds : defaultTimeoutSeconds;
    return {
      timeoutSeconds: request.timeoutSeconds ?? (Number.isFinite(annotated) ? annotated : standard),
      signal: this.cancelled.signal,
      onProgress: (status) => this.log("info", status, request.urn, true),
    };
  }

  /** An import knows the type token and `namespace/name` only. */
  private async refFromId(type: string, id: string): Promise<ObjectRef> {
    const [, groupVersion = "", kind = ""] = type.split(":");
    const apiVersion = groupVersion.replace(/^core\//, "");
    const [first = "", second] = id.split("/");
    if (second !== undefined) return { apiVersion, kind, namespace: first, name: second };
    const namespaced = await this.isNamespaced(apiVersion, kind);
    return { apiVersion, kind, name: first, namespace: namespaced ? this.defaultNamespace() : undefined };
  }
}

function unsupportedType(type: string): CheckFailure {
  return {
    property: "kind",
    reason:
      `the stand-in for kubernetes handles single objects and not ${type}: ` +
      "declare the objects one by one, or put the real plugin on PATH",
  };
}
