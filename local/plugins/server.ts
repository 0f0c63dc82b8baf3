import * as grpc from "@grpc/grpc-js";
import * as any_pb from "google-protobuf/google/protobuf/any_pb";
import * as empty_pb from "google-protobuf/google/protobuf/empty_pb";
import * as struct_pb from "google-protobuf/google/protobuf/struct_pb";
import * as engine_grpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine_pb from "@pulumi/pulumi/proto/engine_pb";
import * as plugin_pb from "@pulumi/pulumi/proto/plugin_pb";
import * as provider_grpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as provider_pb from "@pulumi/pulumi/proto/provider_pb";
import * as status_pb from "@pulumi/pulumi/proto/status_pb";
import { formatPath, type PropertyChange, type PropertyPath } from "./propertyDiff";
import type { Properties } from "./values";

/*
 * A resource plugin over gRPC. `@pulumi/pulumi/provider` has a server too, but it withholds what a
 * Kubernetes plugin lives on: previews, provider configuration, time-outs and detailed diffs.
 *
 * No plugin here accepts secrets: the engine then sends plain values and itself carries the secret
 * mark from each input to the input or output of the same name.
 */

export interface CheckFailure {
  /** The input that is wrong, for example `metadata.name`. */
  property: string;
  /** What is wrong with it and how to fix it. */
  reason: string;
}

export interface CheckResult {
  inputs: Properties;
  failures?: CheckFailure[];
}

export interface DiffResult {
  changes: PropertyChange[];
  /** Those of the changes that only a new resource can make. */
  replaces: PropertyPath[];
  /** The old resource must be gone before the new one can exist. @default false */
  deleteBeforeReplace?: boolean;
}

export interface ResourceRequest {
  urn: string;
  /** The resource's logical name. */
  name: string;
  /** The type token, for example `kubernetes:apps/v1:Deployment`. */
  type: string;
}

export interface CheckRequest extends ResourceRequest {
  olds: Properties;
  news: Properties;
  autonaming?: { mode: "propose" | "enforce" | "disable"; proposedName: string };
}

export interface DiffRequest extends ResourceRequest {
  id: string;
  /** The last outputs. */
  state: Properties;
  oldInputs: Properties;
  inputs: Properties;
}

export interface CreateRequest extends ResourceRequest {
  inputs: Properties;
  preview: boolean;
  /** From `customTimeouts`, in seconds; absent when the author set none. */
  timeoutSeconds?: number;
}

export interface UpdateRequest extends CreateRequest {
  id: string;
  state: Properties;
}

export interface ReadRequest extends ResourceRequest {
  id: string;
  state: Properties;
  /** Empty on an import. */
  inputs: Properties;
}

export interface DeleteRequest extends ResourceRequest {
  id: string;
  state: Properties;
  timeoutSeconds?: number;
}

export interface InvokeRequest {
  /** The function, for example `azure-native:authorization:getClientConfig`. */
  token: string;
  args: Properties;
  preview: boolean;
}

export interface ReadResult {
  id: string;
  state: Properties;
  inputs: Properties;
}

/** Writes a line to the run's output. An `ephemeral` one shows only while the resource is worked on. */
export type Log = (severity: "info" | "warning", message: string, urn: string, ephemeral?: boolean) => void;

/** What a plugin does. Each call may throw; the engine then reports the message with the resource. */
export interface Plugin {
  readonly version: string;
  /** True when `check` follows the stack's `pulumi:autonaming` configuration. @default false */
  readonly supportsAutonaming?: boolean;
  checkConfig?(inputs: Properties): CheckFailure[];
  diffConfig?(oldInputs: Properties, inputs: Properties): DiffResult;
  configure?(inputs: Properties, log: Log, urn: string): Promise<void>;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<{ id: string; state: Properties }>;
  update(request: UpdateRequest): Promise<Properties>;
  /** `undefined` when the resource exists no more. */
  read(request: ReadRequest): Promise<ReadResult | undefined>;
  delete(request: DeleteRequest): Promise<void>;
  invoke?(request: InvokeRequest): Promise<Properties>;
  /** The user pressed Ctrl-C: end what is under way soon. */
  cancel?(): void;
}

/** The resource exists but did not become what it should: the engine keeps it and tries again next time. */
export class InitializationError extends Error {
  constructor(
    readonly id: string,
    readonly state: Properties,
    readonly reasons: string[],
  ) {
    super(reasons.join("\n"));
  }
}

const maxMessageBytes = 400 * 1024 * 1024;

function fromStruct(struct: struct_pb.Struct | undefined): Properties {
  return (struct?.toJavaScript() ?? {}) as Properties;
}

function toStruct(properties: Properties): struct_pb.Struct {
  return struct_pb.Struct.fromJavaScript(properties as Record<string, struct_pb.JavaScriptValue>);
}

type UrnRequest = { getUrn(): string; getName(): string; getType(): string };

function resourceOf(request: UrnRequest): ResourceRequest {
  return { urn: request.getUrn(), name: request.getName(), type: request.getType() };
}

function timeoutOf(request: { getTimeout(): number }): number | undefined {
  return request.getTimeout() > 0 ? request.getTimeout() : undefined;
}

function toServiceError(error: unknown): Partial<grpc.ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof InitializationError) {
    const failed = new provider_pb.ErrorResourceInitFailed();
    failed.setId(error.id).setProperties(toStruct(error.state)).setReasonsList(error.reasons);
    const detail = new any_pb.Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new status_pb.Status()
      .setCode(grpc.status.UNKNOWN)
      .setMessage(message)
      .setDetailsList([detail]);
    // gRPC carries structured error details as a serialised google.rpc.Status under this key.
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

function unary<Request, Response>(
  handle: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => handle(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(toServiceError(error)),
    );
  };
}

function checkResponse({ inputs, failures = [] }: CheckResult): provider_pb.CheckResponse {
  const list = failures.map(({ property, reason }) =>
    new provider_pb.CheckFailure().setProperty(property).setReason(reason),
  );
  return new provider_pb.CheckResponse().setInputs(toStruct(inputs)).setFailuresList(list);
}

function diffResponse({
  changes,
  replaces,
  deleteBeforeReplace = false,
}: DiffResult): provider_pb.DiffResponse {
  const { Kind } = provider_pb.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const { DIFF_NONE, DIFF_SOME } = provider_pb.DiffResponse.DiffChanges;
  const replacing = new Set(replaces.map(formatPath));
  const response = new provider_pb.DiffResponse()
    .setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))])
    .setReplacesList([...replacing])
    .setDeletebeforereplace(deleteBeforeReplace)
    .setHasdetaileddiff(true);
  for (const { path, kind } of changes) {
    const name = formatPath(path);
    const detail = new provider_pb.PropertyDiff().setInputdiff(true);
    detail.setKind(kinds[kind][replacing.has(name) ? 1 : 0]);
    response.getDetaileddiffMap().set(name, detail);
  }
  return response;
}

function autonamingOf(request: provider_pb.CheckRequest): CheckRequest["autonaming"] {
  const options = request.getAutonaming();
  if (!options) return undefined;
  const { Mode } = provider_pb.CheckRequest.AutonamingOptions;
  const modes = { [Mode.PROPOSE]: "propose", [Mode.ENFORCE]: "enforce", [Mode.DISABLE]: "disable" } as const;
  return { mode: modes[options.getMode()], proposedName: options.getProposedName() };
}

/** The provider's own settings: values that are no strings arrive JSON-encoded within one. */
function configOf(struct: struct_pb.Struct | undefined): Properties {
  const settings = fromStruct(struct);
  delete settings.version;
  return settings;
}

class Engine {
  private client?: engine_grpc.EngineClient;

  connect(address: string): void {
    if (address !== "")
      this.client = new engine_grpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  readonly log: Log = (severity, message, urn, ephemeral = false) => {
    const severities = { info: engine_pb.LogSeverity.INFO, warning: engine_pb.LogSeverity.WARNING } as const;
    const request = new engine_pb.LogRequest()
      .setSeverity(severities[severity])
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(ephemeral);
    // A lost log line must not fail the resource.
    this.client?.log(request, () => undefined);
  };
}

function implementation(plugin: Plugin, engine: Engine): grpc.UntypedServiceImplementation {
  const unsupported = (what: string) => {
    return new Error(
      `${what} is not supported by this stand-in: put the real plugin on PATH (docs/stand-ins.md)`,
    );
  };
  return {
    handshake: unary((request: provider_pb.ProviderHandshakeRequest) => {
      engine.connect(request.getEngineAddress());
      return new provider_pb.ProviderHandshakeResponse().setSupportsAutonamingConfiguration(
        plugin.supportsAutonaming ?? false,
      );
    }),
    attach: unary((request: plugin_pb.PluginAttach) => {
      engine.connect(request.getAddress());
      return new empty_pb.Empty();
    }),
    getPluginInfo: unary(() => new plugin_pb.PluginInfo().setVersion(plugin.version)),
    getSchema: unary(() => new provider_pb.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: provider_pb.CheckRequest) => {
      const inputs = fromStruct(request.getNews());
      return checkResponse({ inputs, failures: plugin.checkConfig?.(configOf(request.getNews())) ?? [] });
    }),
    diffConfig: unary((request: provider_pb.DiffRequest) => {
      const none = { changes: [], replaces: [] };
      return diffResponse(
        plugin.diffConfig?.(configOf(request.getOldInputs()), configOf(request.getNews())) ?? none,
      );
    }),
    configure: unary(async (request: provider_pb.ConfigureRequest) => {
      await plugin.configure?.(configOf(request.getArgs()), engine.log, request.getUrn() ?? "");
      return new provider_pb.ConfigureResponse()
        .setSupportspreview(true)
        .setSupportsAutonamingConfiguration(plugin.supportsAutonaming ?? false);
    }),
    check: unary(async (request: provider_pb.CheckRequest) =>
      checkResponse(
        await plugin.check({
          ...resourceOf(request),
          olds: fromStruct(request.getOlds()),
          news: fromStruct(request.getNews()),
          autonaming: autonamingOf(request),
        }),
      ),
    ),
    diff: unary(async (request: provider_pb.DiffRequest) =>
      diffResponse(
        await plugin.diff({
          ...resourceOf(request),
          id: request.getId(),
          state: fromStruct(request.getOlds()),
          oldInputs: fromStruct(request.getOldInputs()),
          inputs: fromStruct(request.getNews()),
        }),
      ),
    ),
    create: unary(async (request: provider_pb.CreateRequest) => {
      const { id, state } = await plugin.create({
        ...resourceOf(request),
        inputs: fromStruct(request.getProperties()),
        preview: request.getPreview(),
        timeoutSeconds: timeoutOf(request),
      });
      return new provider_pb.CreateResponse()
        .setId(request.getPreview() ? "" : id)
        .setProperties(toStruct(state));
    }),
    update: unary(async (request: provider_pb.UpdateRequest) => {
      const state = await plugin.update({
        ...resourceOf(request),
        id: request.getId(),
        state: fromStruct(request.getOlds()),
        inputs: fromStruct(request.getNews()),
        preview: request.getPreview(),
        timeoutSeconds: timeoutOf(request),
      });
      return new provider_pb.UpdateResponse().setProperties(toStruct(state));
    }),
    read: unary(async (request: provider_pb.ReadRequest) => {
      const result = await plugin.read({
        ...resourceOf(request),
        id: request.getId(),
        state: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      if (!result) return new provider_pb.ReadResponse();
      return new provider_pb.ReadResponse()
        .setId(result.id)
        .setProperties(toStruct(result.state))
        .setInputs(toStruct(result.inputs));
    }),
    delete: unary(async (request: provider_pb.DeleteRequest) => {
      await plugin.delete({
        ...resourceOf(request),
        id: request.getId(),
        state: fromStruct(request.getProperties()),
        timeoutSeconds: timeoutOf(request),
      });
      return new empty_pb.Empty();
    }),
    invoke: unary(async (request: provider_pb.InvokeRequest) => {
      if (!plugin.invoke) throw unsupported(`function ${request.getTok()}`);
      const result = await plugin.invoke({
        token: request.getTok(),
        args: fromStruct(request.getArgs()),
        preview: request.getPreview(),
      });
      return new provider_pb.InvokeResponse().setReturn(toStruct(result));
    }),
    construct: unary((request: provider_pb.ConstructRequest) => {
      throw unsupported(`component ${request.getType()}`);
    }),
    parameterize: unary(() => {
      throw unsupported("parameterization");
    }),
    cancel: unary(() => {
      plugin.cancel?.();
      return new empty_pb.Empty();
    }),
  };
}

/** Ends the plugin when the engine has gone without telling, as after `kill -9`. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 1000).unref();
}

/** Serves a plugin on a free local port, which it prints for the engine to read. */
export async function serve(plugin: Plugin): Promise<void> {
  const engine = new Engine();
  const address = process.argv.slice(2).findLast((argument) => !argument.startsWith("-"));
  engine.connect(address ?? "");
  // The plugin is alone in its process group: only the engine interrupts it, when the run is over.
  process.on("SIGINT", () => process.exit(0));
  exitWithParent();
  const server = new grpc.Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(provider_grpc.ResourceProviderService, implementation(plugin, engine));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`);
}

/** A setting that may arrive as a boolean or as its JSON text. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}
