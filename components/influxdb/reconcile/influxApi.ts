/** An answer of InfluxDB that is no success; the message says what was asked, what came back and what may help. */
export class InfluxApiError extends Error {
  constructor(
    message: string,
    /** HTTP status. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** Where InfluxDB is and who asks. */
export interface InfluxApiOptions {
  /** Base URL, e.g. `http://influxdb:8086`. */
  url: string;
  /** Token that may manage the organization: the operator token. */
  token: string;
}

/** What InfluxDB is asked. */
export interface InfluxRequest {
  /** @default "GET" */
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query, e.g. `/api/v2/buckets?limit=100`. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
}

/** InfluxDB's HTTP API, as far as this program needs it. */
export class InfluxApi {
  private readonly url: string;

  constructor(private readonly options: InfluxApiOptions) {
    this.url = options.url.replace(/\/+$/, "");
  }

  /**
   * Wait until InfluxDB says that it is ready.
   *
   * @throws Error when it doesn't within `timeoutMs`; the message names the last reason
   */
  async waitUntilReady(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let reason = "no attempt was made";
    while (Date.now() < deadline) {
      try {
        const response = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(5000) });
        if (response.ok) return;
        reason = `/health answered with status ${response.status}`;
      } catch (error) {
        reason = reasonOf(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    throw new Error(
      `InfluxDB at ${this.url} was not ready within ${Math.round(timeoutMs / 1000)} s (${reason}): ` +
        "look at its pod's log and at the network policy between this program and it",
    );
  }

  /**
   * The JSON of an answer, or undefined where it has no body.
   *
   * @throws InfluxApiError on any status but 2xx
   */
  async request<Answer>(request: InfluxRequest): Promise<Answer> {
    const { method = "GET", path, body } = request;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Token ${this.options.token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new InfluxApiError(
        `${method} ${path}: status ${response.status}: ${messageOf(text)}${hint(response.status)}`,
        response.status,
      );
    }
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  /** Whether InfluxDB knows the password of a user of its 1.x-compatible API. */
  async acceptsPassword(username: string, password: string, database: string): Promise<boolean> {
    const credentials = Buffer.from(`${username}:${password}`).toString("base64");
    const query = new URLSearchParams({ db: database, q: "SHOW RETENTION POLICIES" });
    // Who may not read gets another status or an empty list, but only a wrong password gets a 401.
    const response = await fetch(`${this.url}/query?${query.toString()}`, {
      headers: { authorization: `Basic ${credentials}` },
      signal: AbortSignal.timeout(60_000),
    });
    await response.arrayBuffer();
    return response.status !== 401;
  }
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // Not JSON: shown as it is.
  }
  return body.slice(0, 500);
}

function hint(status: number): string {
  if (status === 401) {
    return ". The token is not known: INFLUXDB_TOKEN has to be the operator token that InfluxDB was set up with";
  }
  if (status === 403) return ". The token may not do this: INFLUXDB_TOKEN has to be an operator token";
  return "";
}

/** The message of what was thrown, with its cause: fetch says no more than "fetch failed". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
