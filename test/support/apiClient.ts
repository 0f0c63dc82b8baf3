import { request, type RequestOptions } from "node:https";
import { readKubeconfig } from "../../local/cluster/cluster";

/** A Kubernetes object as JSON, with the fields that every object has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata: { name: string; namespace?: string; uid?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/** An answer of the API server other than 2xx. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Plain HTTPS requests to an API server, as the current user of a kubeconfig. */
export class ApiClient {
  private constructor(
    private readonly server: URL,
    private readonly credentials: RequestOptions,
  ) {}

  /** Sign in as client-node does. Its own objects answer with dates and parsed types; tests look at the bare JSON. */
  static async fromKubeconfig(path: string): Promise<ApiClient> {
    const config = readKubeconfig(path);
    const credentials: RequestOptions = {};
    await config.applyToHTTPSOptions(credentials);
    return new ApiClient(new URL(config.getCurrentCluster()?.server ?? ""), credentials);
  }

  /**
   * @param path for example `/api/v1/namespaces/monitoring/pods`
   * @returns the decoded answer, or its text when it is not JSON
   * @throws ApiError when the status is not 2xx
   */
  send<T = unknown>(method: string, path: string, body?: unknown, timeoutMs = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.server),
        {
          method,
          ...this.credentials,
          timeout: timeoutMs,
          headers: body === undefined ? {} : { "content-type": contentType(method) },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
          answer.on("error", reject);
          answer.on("end", () => {
            const json = answer.headers["content-type"]?.startsWith("application/json") === true;
            const decoded = json ? (JSON.parse(text) as T) : (text as T);
            const status = answer.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(decoded);
            else reject(new ApiError(status, json ? (decoded as { message: string }).message : text));
          });
        },
      );
      outgoing.on("timeout", () =>
        outgoing.destroy(new Error(`${method} ${path}: no answer in ${timeoutMs} ms`)),
      );
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The items of a list, for example of `/apis/apps/v1/deployments`. */
  async list<T extends KubernetesObject = KubernetesObject>(path: string): Promise<T[]> {
    return (await this.send<{ items: T[] }>("GET", path)).items;
  }

  /** One object, or undefined when there is none. */
  async get<T extends KubernetesObject = KubernetesObject>(path: string): Promise<T | undefined> {
    try {
      return await this.send<T>("GET", path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Create or change objects by server-side apply. `path` is that of the object itself. */
  apply<T extends KubernetesObject>(path: string, object: T): Promise<T> {
    return this.send<T>("PATCH", `${path}?fieldManager=ds-monitoring-local&force=true`, object);
  }
}

function contentType(method: string): string {
  return method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
}
