import * as http from "node:http";
import * as https from "node:https";
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
// The package's root would load every generated API class: this module is all that is needed.
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { builtInKind, type KubernetesObject, type ObjectRef, type ResourceKind } from "./objects";

/** What the API server refused, and why. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status code. */
    readonly status: number,
    message: string,
    /** The machine-readable reason, for example `AlreadyExists` or `Invalid`. */
    readonly reason: string,
    readonly causes: { field?: string; reason?: string; message?: string }[] = [],
  ) {
    super(message);
  }
}

/** No answer from the API server. */
export class UnreachableError extends Error {}

export interface ClusterSettings {
  /** The contents of a kubeconfig file, or its path. @default $KUBECONFIG, then ~/.kube/config */
  kubeconfig?: string;
  /** @default the kubeconfig's current context */
  context?: string;
  /** The kubeconfig cluster to use instead of the context's. */
  cluster?: string;
}

export interface ApplyOptions {
  fieldManager: string;
  /** Take over fields that others manage. @default false */
  force?: boolean;
  /** Ask the API server what would happen, and change nothing. @default false */
  dryRun?: boolean;
  /** Called for each warning that the API server sends along. */
  onWarning?: (message: string) => void;
}

interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  onWarning?: (message: string) => void;
}

// What the client library resorts to when it finds no kubeconfig.
const noKubeconfigServer = "http://localhost:8080";
const requestTimeoutMs = 60_000;
const retryDelaysMs = [200, 500, 1000, 2000, 4000];
const retriedStatuses = [429, 502, 503, 504];

/** Reads the kubeconfig that the settings name. Throws when it is missing or says nothing usable. */
export function loadKubeConfig({ kubeconfig, context, cluster }: ClusterSettings): KubeConfig {
  const config = new KubeConfig();
  const isSearchPath = kubeconfig === process.env.KUBECONFIG && kubeconfig?.includes(delimiter);
  if (kubeconfig === undefined || kubeconfig === "" || isSearchPath) config.loadFromDefault();
  else if (existsSync(kubeconfig)) config.loadFromFile(kubeconfig);
  else if (kubeconfig.includes("\n") || kubeconfig.trimStart().startsWith("{"))
    config.loadFromString(kubeconfig);
  else throw new Error(`kubeconfig: there is no file ${kubeconfig}: give the path of one, or its contents`);
  if (config.getCurrentCluster()?.server === noKubeconfigServer) {
    throw new Error(
      "kubeconfig: there is none: set it on the provider, or KUBECONFIG, or make ~/.kube/config",
    );
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) {
      const known = config.getContexts().map(({ name }) => name);
      throw new Error(
        `context: ${context} is not in the kubeconfig, which has ${known.join(", ") || "none"}`,
      );
    }
    config.setCurrentContext(context);
  }
  if (cluster !== undefined) {
    if (!config.getCluster(cluster)) throw new Error(`cluster: ${cluster} is not in the kubeconfig`);
    const currentContext = config.getCurrentContext();
    const contexts = config
      .getContexts()
      .map((entry) => (entry.name === currentContext ? { ...entry, cluster } : entry));
    config.loadFromOptions({
      clusters: config.getClusters(),
      users: config.getUsers(),
      contexts,
      currentContext,
    });
  }
  if (!config.getCurrentCluster()) {
    throw new Error(
      "kubeconfig: no cluster is selected: set current-context in it, or the provider's context",
    );
  }
  return config;
}

/** The URL of the API server that the settings lead to. */
export function serverOf(settings: ClusterSettings): string {
  return loadKubeConfig(settings).getCurrentCluster()?.server ?? "";
}

function parseWarnings(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(", ") : (header ?? "");
  // RFC 7234: 299 - "the message, with \" escaped"
  return [...text.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, message]) =>
    String(message).replace(/\\(.)/g, "$1"),
  );
}

/** The TLS settings and credentials of the selected cluster, with connections that are kept open. */
async function connectionOptions(config: KubeConfig): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { agent, ...connection } = options;
  if (config.getCurrentCluster()?.proxyUrl !== undefined || !(agent instanceof https.Agent)) return options;
  return { ...connection, agent: new https.Agent({ ...agent.options, keepAlive: true }) };
}

/** The few calls on the API server that a resource plugin makes. */
export class Cluster {
  private readonly kinds = new Map<string, Promise<ResourceKind>>();
  private readonly agentOptions: Promise<https.RequestOptions>;
  /** Whether the API server has ever answered: only then is silence worth waiting out. */
  private answered = false;
  readonly server: string;
  /** The namespace of the selected context. */
  readonly namespace: string | undefined;

  constructor(config: KubeConfig) {
    this.server = (config.getCurrentCluster()?.server ?? "").replace(/\/$/, "");
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace;
    this.agentOptions = connectionOptions(config);
    // Awaited by each request, which reports the failure.
    this.agentOptions.catch(() => undefined);
  }

  /** Finds the resource of a kind. Throws `ApiError` 404 when the cluster does not know the kind. */
  kindOf(apiVersion: string, kind: string): Promise<ResourceKind> {
    const builtIn = builtInKind(apiVersion, kind);
    if (builtIn) return Promise.resolve(builtIn);
    const key = `${apiVersion}/${kind}`;
    const known = this.kinds.get(key) ?? this.discover(apiVersion, kind);
    this.kinds.set(key, known);
    // A custom kind may appear later in the run.
    known.catch(() => this.kinds.delete(key));
    return known;
  }

  private async discover(apiVersion: string, kind: string): Promise<ResourceKind> {
    const list = await this.request<{ resources: { name: string; kind: string; namespaced: boolean }[] }>({
      method: "GET",
      path: `/apis/${apiVersion}`,
    });
    const found = list.resources.find((resource) => resource.kind === kind && !resource.name.includes("/"));
    if (!found) throw new ApiError(404, `the cluster has no kind ${kind} in ${apiVersion}`, "NotFound");
    return { plural: found.name, namespaced: found.namespaced };
  }

  private async pathOf(
    { apiVersion, kind, namespace }: Omit<ObjectRef, "name">,
    name?: string,
  ): Promise<string> {
    const { plural, namespaced } = await this.kindOf(apiVersion, kind);
    const parts = [
      apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`,
      ...(namespaced && namespace ? [`namespaces/${encodeURIComponent(namespace)}`] : []),
      plural,
      ...(name ? [encodeURIComponent(name)] : []),
    ];
    return parts.join("/");
  }

  /** The object, or `undefined` when there is none. */
  async get(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    try {
      return await this.request<KubernetesObject>({ method: "GET", path: await this.pathOf(ref, ref.name) });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list<T extends KubernetesObject>(
    kind: Omit<ObjectRef, "name">,
    selectors: { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<T[]> {
    const list = await this.request<{ items: T[] }>({
      method: "GET",
      path: await this.pathOf(kind),
      query: selectors,
    });
    // The items of a list come without their type.
    return list.items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind }));
  }

  /** Server-side apply: creates the object or makes its fields what the given ones say. */
  async apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject> {
    const { fieldManager, force = false, dryRun = false, onWarning } = options;
    const { name, generateName, namespace } = object.metadata;
    const query = { fieldManager, dryRun: dryRun ? "All" : undefined };
    const kind = { apiVersion: object.apiVersion, kind: object.kind, namespace };
    // Server-side apply needs a name; only a plain creation lets the server make one up.
    if (!name && generateName) {
      return this.request({ method: "POST", path: await this.pathOf(kind), query, body: object, onWarning });
    }
    return this.request({
      method: "PATCH",
      path: await this.pathOf(kind, name),
      query: { ...query, force: String(force) },
      body: object,
      contentType: "application/apply-patch+yaml",
      onWarning,
    });
  }

  /** Asks for the deletion of an object. Returns false when there is none. */
  async delete(ref: ObjectRef, propagationPolicy: string): Promise<boolean> {
    try {
      await this.request({
        method: "DELETE",
        path: await this.pathOf(ref, ref.name),
        body: { propagationPolicy },
      });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  private async request<T>(request: ApiRequest): Promise<T> {
    for (const delay of retryDelaysMs) {
      try {
        return await this.send<T>(request);
      } catch (error) {
        const passing =
          (error instanceof UnreachableError && this.answered) ||
          (error instanceof ApiError && isPassing(error, request));
        if (!passing) throw error;
        await sleep(delay);
      }
    }
    return this.send<T>(request);
  }

  private async send<T>({ method, path, query = {}, body, contentType, onWarning }: ApiRequest): Promise<T> {
    const options = await this.agentOptions;
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, value);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const open = url.protocol === "http:" ? http.request : https.request;
    return new Promise<T>((resolve, reject) => {
      const unreachable = (error: Error) =>
        reject(
          new UnreachableError(
            `the Kubernetes API server ${this.server} cannot be reached (${error.message}): ` +
              "start the cluster or correct the provider's kubeconfig and context",
          ),
        );
      const request = open(
        url,
        {
          ...options,
          method,
          timeout: requestTimeoutMs,
          headers: {
            ...options.headers,
            accept: "application/json",
            ...(payload && {
              "content-type": contentType ?? "application/json",
              "content-length": payload.length,
            }),
          },
        },
        (response) => {
          this.answered = true;
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", unreachable);
          response.on("end", () => {
            for (const warning of parseWarnings(response.headers.warning)) onWarning?.(warning);
            const text = Buffer.concat(chunks).toString("utf8");
            const status = response.statusCode ?? 0;
            if (status < 400) resolve(JSON.parse(text) as T);
            else reject(toApiError(status, text));
          });
        },
      );
      request.on("error", unreachable);
      request.on("timeout", () =>
        request.destroy(new Error(`no answer within ${requestTimeoutMs / 1000} s`)),
      );
      request.end(payload);
    });
  }
}

/** Whether the same request may well succeed in a few seconds. */
function isPassing({ status, message }: ApiError, { query }: ApiRequest): boolean {
  // A new namespace gets its service account a moment after it is there.
  const accountToCome = status === 403 && message.includes("error looking up service account");
  return retriedStatuses.includes(status) || (accountToCome && query?.dryRun === undefined);
}

function toApiError(status: number, text: string): ApiError {
  try {
    const answer = JSON.parse(text) as {
      message?: string;
      reason?: string;
      details?: { causes?: ApiError["causes"] };
    };
    return new ApiError(status, answer.message ?? text, answer.reason ?? "", answer.details?.causes);
  } catch {
    return new ApiError(status, text.trim() || `HTTP ${status}`, "");
  }
}
