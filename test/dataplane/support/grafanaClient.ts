import { randomUUID } from "node:crypto";
import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from "@grafana/data";

import { influxDbDataSource } from "../../../components/grafana/provisioning";
import { withoutEndSlashes } from "../../../contract/patterns";
import type { DashboardModel, PanelModel } from "../../../viewer/frames/dashboardModel";
import { transform } from "../../../viewer/frames/panelFrames";
import type { InfluxConnection } from "../../../local/services/influxQuery";
import { expandVariables } from "../../../viewer/frames/macros";
import type { PanelData } from "../../../viewer/frames/queryDashboard";

export interface GrafanaConnection {
  /** Base URL, for example "http://127.0.0.1:3000". */
  readonly url: string;
  /** Token of a service account with the role Admin, or `user:password`. */
  readonly auth: string;
}

/** Our dashboards in a Grafana, under uids of their own: nothing that is there already is touched. */
export interface UploadedDashboards {
  /** As Grafana stored them. */
  readonly models: readonly DashboardModel[];
  /** Asks each panel's queries through Grafana, with the time range and variables of `like`. */
  queryPanel(panel: PanelModel, like: PanelQuery): Promise<DataFrame[]>;
  /** Takes the folder with the dashboards and the data source away again. */
  remove(): Promise<void>;
}

/** What a panel was asked with. */
export type PanelQuery = Pick<PanelData, "range" | "intervalMs" | "variables">;

interface QueryAnswer {
  readonly results: Readonly<Record<string, { readonly error?: string; readonly frames?: DataFrameJSON[] }>>;
}

/**
 * Places a data source and the dashboards into a Grafana.
 *
 * @param influxDb as Grafana reaches it
 * @throws Error with Grafana's message when it refuses one of them
 */
export async function uploadDashboards(
  grafana: GrafanaConnection,
  influxDb: InfluxConnection,
  dashboards: readonly DashboardModel[],
): Promise<UploadedDashboards> {
  const call = grafanaApi(grafana);
  const uid = `test-${randomUUID().slice(0, 8)}`;
  const remove = async (): Promise<void> => {
    await call("DELETE", `/api/folders/${uid}`);
    await call("DELETE", `/api/datasources/uid/${uid}`);
  };
  await call("POST", "/api/datasources", {
    ...influxDbDataSource,
    uid,
    name: uid,
    url: influxDb.url,
    basicAuth: true,
    basicAuthUser: influxDb.username,
    secureJsonData: { basicAuthPassword: influxDb.password },
  });
  await call("POST", "/api/folders", { uid, title: uid });
  const models: DashboardModel[] = [];
  for (const [index, dashboard] of dashboards.entries()) {
    // Grafana allows 40 characters; the numbers keep the names apart.
    const copy = { ...dashboard, id: null, uid: `${uid}-${index}` };
    await call("POST", "/api/dashboards/db", { dashboard: copy, folderUid: uid, overwrite: false });
    const stored = await call("GET", `/api/dashboards/uid/${copy.uid}`);
    models.push((stored as { dashboard: DashboardModel }).dashboard);
  }
  return {
    models,
    remove,
    queryPanel: async (panel, { range, intervalMs, variables }) => {
      const targets = panel.targets ?? [];
      const answer = (await call("POST", "/api/ds/query", {
        from: String(range.fromMs),
        to: String(range.toMs),
        queries: targets.map(({ refId, query, resultFormat, alias }) => ({
          refId,
          datasource: { type: "influxdb", uid },
          rawQuery: true,
          // Grafana's server knows times and intervals; variables are its page's work.
          query: expandVariables(query, variables),
          resultFormat,
          ...(alias === undefined ? {} : { alias }),
          intervalMs,
          maxDataPoints: 10_000,
        })),
      })) as QueryAnswer;
      const frames = targets.flatMap(({ refId }) => {
        const result = answer.results[refId];
        if (result === undefined || result.error !== undefined) {
          throw new Error(`Grafana on "${panel.title}" ${refId}: ${result?.error ?? "no answer"}`);
        }
        return (result.frames ?? []).map((frame) => dataFrameFromJSON(frame));
      });
      return transform(frames, panel.transformations ?? []);
    },
  };
}

type Call = (method: "GET" | "POST" | "DELETE", path: string, body?: unknown) => Promise<unknown>;

function grafanaApi({ url, auth }: GrafanaConnection): Call {
  const authorization = auth.includes(":")
    ? `Basic ${Buffer.from(auth).toString("base64")}`
    : `Bearer ${auth}`;
  return async (method, path, body) => {
    const response = await fetch(`${withoutEndSlashes(url)}${path}`, {
      method,
      headers: { Authorization: authorization, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // A query that failed is answered with 400 and a reason for each refId.
    if (!response.ok) throw new Error(`Grafana answered ${method} ${path} with ${response.status}: ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  };
}
