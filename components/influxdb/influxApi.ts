import { withoutEndSlashes } from "../../contract/patterns";

/** InfluxDB does not answer at all, or not this user: the next request would fail too. */
export class InfluxUnavailableError extends Error {}

/** Where InfluxDB is and who asks: the operator token, or a user of the 1.x-compatible API (`/query`, `/write`). */
export type InfluxApiOptions = {
  /** Base URL, e.g. `http://influxdb:8086`. */
  url: string;
} & ({ token: string } | { username: string; password: string });

/** What InfluxDB is asked. */
export interface InfluxRequest {
  /** @default "GET" */
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query, e.g. `/api/v2/buckets?limit=100`. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
}

/** InfluxDB's HTTP API, as far as the programs of the Jobs need it. */
export class InfluxApi {
  private readonly url: string;
  private readonly authorization: string;

  constructor(options: InfluxApiOptions) {
    this.url = withoutEndSlashes(options.url);
    this.authorization =
      "token" in options ? `Token ${options.token}` : basic(options.username, options.password);
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
   * @throws Error on any status but 2xx; the message says what was asked, what came back and what may help
   */
  async request<Answer>({ method = "GET", path, body }: InfluxRequest): Promise<Answer> {
    const response = await this.send(path, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(
        `${method} ${path}: status ${response.status}: ${messageOf(text)}${tokenHint(response.status)}`,
      );
    }
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  /**
   * The answer to an InfluxQL query as MessagePack, in pieces as they come; times in nanoseconds.
   *
   * @param rowsPerPiece rows that InfluxDB puts into one piece at most
   * @throws InfluxUnavailableError where the next query would fail too; Error on a query that InfluxDB does not understand
   */
  async query(database: string, query: string, rowsPerPiece: number): Promise<AsyncIterable<Uint8Array>> {
    const form = { db: database, epoch: "ns", chunked: "true", chunk_size: String(rowsPerPiece), q: query };
    const response = await this.send("/query", {
      method: "POST",
      headers: { accept: "application/x-msgpack" },
      body: new URLSearchParams(form),
    });
    if (!response.ok) {
      const body = (await response.text()).slice(0, 500);
      const message = `InfluxDB refuses to be read: status ${response.status}: ${body}${userHint(response.status)}`;
      throw response.status === 400 ? new Error(message) : new InfluxUnavailableError(message);
    }
    if (response.body === null) throw new Error("InfluxDB's answer has no body");
    return response.body as unknown as AsyncIterable<Uint8Array>;
  }

  /** Whether InfluxDB knows the password of a user of its 1.x-compatible API. */
  async acceptsPassword(username: string, password: string, database: string): Promise<boolean> {
    const query = new URLSearchParams({ db: database, q: "SHOW RETENTION POLICIES" });
    // Who may not read gets another status or an empty list, but only a wrong password gets a 401.
    const response = await this.send(`/query?${query.toString()}`, {
      headers: { authorization: basic(username, password) },
      signal: AbortSignal.timeout(60_000),
    });
    await response.arrayBuffer();
    return response.status !== 401;
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const headers = { authorization: this.authorization, ...(init.headers as Record<string, string>) };
    try {
      return await fetch(`${this.url}${path}`, { ...init, headers });
    } catch (error) {
      throw new InfluxUnavailableError(`InfluxDB at ${this.url}${path} does not answer: ${reasonOf(error)}`);
    }
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
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

function tokenHint(status: number): string {
  if (status === 401) {
    return ". The token is not known: INFLUXDB_TOKEN has to be the operator token that InfluxDB was set up with";
  }
  return status === 403 ? ". The token may not do this: INFLUXDB_TOKEN has to be an operator token" : "";
}

function userHint(status: number): string {
  if (status !== 401 && status !== 403) return "";
  return (
    ". The user is made by the Job influxdb-reconcile, or given by existing.credentials; it has to be allowed to read " +
    "the bucket"
  );
}

/** The message of what was thrown, with its cause: fetch says no more than "fetch failed". */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
