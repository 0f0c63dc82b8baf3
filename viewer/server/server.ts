import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";

import { influxClient } from "../../local/services/influxQuery";
import { themes, type ThemeName } from "../frames/panelFrames";
import { queryDashboard } from "../frames/queryDashboard";
import { escape } from "../page/html";
import { dashboardPage, htmlPage, standInNotice } from "../page/page";
import { readDashboards, readDataSources, type DataSource, type ProvisionedDashboard } from "./provisioning";

export interface ViewerOptions {
  /** Where Grafana's provisioning files are, for example `/etc/grafana/provisioning`. */
  readonly provisioning: string;
  /** As the program got them; provisioning files and the login refer to them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder with client.js, which browsers load. */
  readonly assets: string;
  readonly log: (line: string) => void;
  /** The time that is now. @default the clock's */
  readonly nowMs?: () => number;
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const refreshMs = 60_000;

/**
 * Serves the provisioned dashboards with live data, at Grafana's addresses: `/d/<uid>` with variables and time range as
 * Grafana writes them, `/api/health`. The login is Grafana's administrator, as HTTP basic authentication.
 */
export function createViewer(options: ViewerOptions): Server {
  return createServer((request, response) => {
    answer(request, options)
      .catch((error: unknown): Answer => {
        const message = error instanceof Error ? error.message : String(error);
        options.log(`${request.url ?? ""}: ${message}`);
        return {
          status: 500,
          body: htmlPage("Error", `<p class="error">${escape(message)}</p>`, themes.dark),
        };
      })
      .then((result) => {
        send(response, result);
      }, options.log);
  });
}

function send(
  response: ServerResponse,
  { status = 200, type = "text/html", headers, body = "" }: Answer,
): void {
  response.writeHead(status, {
    "Content-Type": `${type}; charset=utf-8`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body);
}

async function answer(request: IncomingMessage, options: ViewerOptions): Promise<Answer> {
  const url = new URL(request.url ?? "/", "http://viewer");
  if (url.pathname === "/api/health") {
    return {
      type: "application/json",
      body: JSON.stringify({ database: "ok", version: "viewer", standIn: standInNotice }),
    };
  }
  if (!isSignedIn(request.headers.authorization, options.environment)) {
    return {
      status: 401,
      headers: { "WWW-Authenticate": 'Basic realm="dashboards"' },
      body: "Sign in as admin",
    };
  }
  const chosen = url.searchParams.get("theme");
  const page = await pageOf(url, options, themeOf(chosen, request.headers.cookie));
  // Links of panels have no theme, as in Grafana: what was chosen last is kept.
  return chosen === null
    ? page
    : { ...page, headers: { "Set-Cookie": `theme=${themeOf(chosen)}; Path=/; SameSite=Lax` } };
}

function pageOf(url: URL, options: ViewerOptions, theme: ThemeName): Answer | Promise<Answer> {
  const [kind = "", uid = ""] = url.pathname.split("/").slice(1);
  switch (kind) {
    case "":
      return startPage(options, theme);
    case "static":
      return { type: "text/javascript", body: readFileSync(join(options.assets, "client.js")) };
    case "d":
      return dashboard(decodeURIComponent(uid), url.searchParams, options, theme);
    case "alerting":
      return alerts(options, theme);
    default:
      return notFound(url.pathname, theme);
  }
}

const themeOf = (chosen: string | null, cookie = ""): ThemeName =>
  (chosen ?? /(?:^|; )theme=(\w+)/.exec(cookie)?.[1]) === "light" ? "light" : "dark";

/** Whether the request has the administrator's password; without one in the environment nobody is let in. */
export function isSignedIn(
  authorization: string | undefined,
  environment: ViewerOptions["environment"],
): boolean {
  if (environment["GF_AUTH_ANONYMOUS_ENABLED"] === "true") return true;
  const password = environment["GF_SECURITY_ADMIN_PASSWORD"];
  if (password === undefined || password === "") return false;
  const expected = `Basic ${Buffer.from(`${environment["GF_SECURITY_ADMIN_USER"] ?? "admin"}:${password}`).toString("base64")}`;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(authorization ?? ""), digest(expected));
}

const notFound = (what: string, theme: ThemeName): Answer => ({
  status: 404,
  body: htmlPage(
    "Not found",
    `<p>There is no ${escape(what)}. <a href="/">All dashboards</a></p>`,
    themes[theme],
  ),
});

/** By title, as Grafana lists them. */
function allDashboards({ provisioning, environment, log }: ViewerOptions): ProvisionedDashboard[] {
  const all = readDashboards(provisioning, environment, log);
  return all.sort((one, other) => one.model.title.localeCompare(other.model.title, "en"));
}

function startPage(options: ViewerOptions, theme: ThemeName): Answer {
  const items = allDashboards(options).map(
    ({ folder, model }) =>
      `<li>${escape(folder)}: <a href="/d/${encodeURIComponent(model.uid)}">${escape(model.title)}</a> ${escape(model.description)}</li>`,
  );
  const body = `<header><h1>Dashboards</h1><p class="mark">${standInNotice}</p></header><ul>${items.join("")}</ul>`;
  return { body: htmlPage("Dashboards", body, themes[theme]) };
}

async function dashboard(
  uid: string,
  query: URLSearchParams,
  options: ViewerOptions,
  theme: ThemeName,
): Promise<Answer> {
  const { provisioning, environment, nowMs = Date.now } = options;
  const all = allDashboards(options);
  const found = all.find(({ model }) => model.uid === uid);
  if (found === undefined) return notFound(`dashboard "${uid}"`, theme);
  const choose = Object.fromEntries(
    [...new Set(query.keys())]
      .filter((key) => key.startsWith("var-"))
      .map((key) => [key.slice("var-".length), query.getAll(key)]),
  );
  const data = await queryDashboard(found.model, {
    run: influxClient(connectionOf(readDataSources(provisioning, environment))),
    nowMs: nowMs(),
    choose,
    from: asTime(query.get("from")),
    to: asTime(query.get("to")),
    keepErrors: true,
  });
  const tags = new Set(found.model.tags);
  const dashboards = all.map(({ model }) => model).filter((model) => model.tags.some((tag) => tags.has(tag)));
  return { body: dashboardPage(data, { query, dashboards, refreshMs, theme }) };
}

/** A time of the address: `now-6h`, or milliseconds since 1970, which become a date. */
function asTime(text: string | null): string | undefined {
  if (text === null || text === "") return undefined;
  return /^\d+$/.test(text) ? new Date(Number(text)).toISOString() : text;
}

/** @throws Error with the fix, where no InfluxDB is provisioned */
function connectionOf(dataSources: readonly DataSource[]) {
  const source = dataSources.find(({ type }) => type === "influxdb");
  if (source === undefined)
    throw new Error("provisioning/datasources has no data source of the type influxdb");
  return {
    url: source.url,
    username: source.basicAuthUser ?? "",
    password: source.secureJsonData?.["basicAuthPassword"] ?? "",
  };
}

/** What Grafana has at `/alerting/groups`: the alerts that Alertmanager holds. */
async function alerts({ provisioning, environment }: ViewerOptions, theme: ThemeName): Promise<Answer> {
  const source = readDataSources(provisioning, environment).find(({ type }) => type === "alertmanager");
  if (source === undefined) return notFound("data source of the type alertmanager", theme);
  const authorization = source.secureJsonData?.["httpHeaderValue1"];
  const response = await fetch(`${source.url}/api/v2/alerts`, {
    headers: authorization === undefined ? {} : { Authorization: authorization },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`Alertmanager answered ${response.status}`);
  const found = (await response.json()) as {
    labels: Record<string, string>;
    annotations: Record<string, string>;
    status: { state: string };
    startsAt: string;
  }[];
  const rows = found.map(({ labels, annotations, status, startsAt }) =>
    [labels["severity"], labels["alertname"], status.state, annotations["summary"], startsAt]
      .map((text) => `<td class="wrap">${escape(text ?? "")}</td>`)
      .join(""),
  );
  const body = `<header><h1>Alerts</h1><p class="mark">${standInNotice}</p></header><p><a href="/">All dashboards</a></p>
<table><tr><th>Severity</th><th>Alert</th><th>State</th><th>What</th><th>Since</th></tr>${rows.map((row) => `<tr>${row}</tr>`).join("")}</table>`;
  return { body: htmlPage("Alerts", body, themes[theme], refreshMs) };
}
