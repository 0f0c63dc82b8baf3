import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import type { DashboardModel, PanelModel } from "../../../viewer/frames/dashboardModel";
import { findGrafana } from "../../dataplane/support/grafana";
import { uploadDashboards } from "../../dataplane/support/grafanaClient";
import { tableOf } from "../../dataplane/support/tables";

/** A stand-in for Grafana's HTTP API, as far as the client uses it; its answers have the form of Grafana's. */
const seen: { method: string; path: string; authorization: string; body: Record<string, unknown> }[] = [];
let queryAnswer: { status: number; body: unknown };
let server: Server;
let url: string;

before(async () => {
  const stored = new Map<string, unknown>();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const [method, path] = [request.method ?? "", request.url ?? ""];
      seen.push({ method, path, authorization: request.headers.authorization ?? "", body });
      const reply = (status: number, answer: unknown): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      };
      if (path === "/api/ds/query") {
        reply(queryAnswer.status, queryAnswer.body);
      } else if (path === "/api/dashboards/db") {
        const dashboard = body["dashboard"] as { uid: string };
        stored.set(`/api/dashboards/uid/${dashboard.uid}`, { dashboard });
        reply(200, { status: "success" });
      } else {
        reply(200, stored.get(path) ?? {});
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => server.close());

const influxDb = { url: "http://127.0.0.1:8086", username: "grafana", password: "p", database: "monitoring" };
const panel: PanelModel = {
  id: 1,
  type: "timeseries",
  title: "Requests",
  gridPos: { x: 0, y: 0, w: 8, h: 8 },
  targets: [
    {
      refId: "A",
      query: `SELECT 1 FROM "m" WHERE "s" =~ /^\${service:regex}$/ AND $timeFilter GROUP BY time($__interval)`,
      rawQuery: true,
      resultFormat: "time_series",
      alias: "$tag_service",
    },
    { refId: "B", query: "SELECT 2", rawQuery: true, resultFormat: "table" },
  ],
};
const model: DashboardModel = {
  uid: "model-api-usage",
  title: "Model API usage",
  description: "",
  tags: [],
  time: { from: "now-24h", to: "now" },
  panels: [panel],
  templating: { list: [] },
  annotations: {},
};
const like = {
  range: { fromMs: 1000, toMs: 61_000 },
  intervalMs: 60_000,
  variables: { service: { values: ["churn-api"] } },
};

test("dashboards go up under uids of their own, and away again", async () => {
  seen.length = 0;
  const uploaded = await uploadDashboards({ url, auth: "admin:secret" }, influxDb, [model]);
  const uid = String(seen[0]?.body["uid"]);
  assert.match(uid, /^test-/);
  assert.equal(uploaded.models[0]?.uid, `${uid}-0`);
  assert.equal(uploaded.models[0].title, "Model API usage");
  await uploaded.remove();
  assert.deepEqual(
    seen.map(({ method, path }) => `${method} ${path}`),
    [
      "POST /api/datasources",
      "POST /api/folders",
      "POST /api/dashboards/db",
      `GET /api/dashboards/uid/${uid}-0`,
      `DELETE /api/folders/${uid}`,
      `DELETE /api/datasources/uid/${uid}`,
    ],
  );
  const basic = `Basic ${Buffer.from("admin:secret").toString("base64")}`;
  assert.ok(seen.every(({ authorization }) => authorization === basic));
});

test("a panel's queries leave time and intervals to Grafana, and its frames become ours", async () => {
  const uploaded = await uploadDashboards({ url, auth: "glsa_token" }, influxDb, [model]);
  const series = {
    schema: {
      fields: [
        { name: "Time", type: "time" },
        { name: "Value", type: "number", config: { displayNameFromDS: "churn-api" } },
      ],
    },
    data: {
      values: [
        [1000, 2000],
        [1, null],
      ],
    },
  };
  const table = {
    schema: { fields: [{ name: "Time", type: "time" }, { name: "route" }, { name: "count" }] },
    data: { values: [[0], ["/score"], [7]] },
  };
  queryAnswer = { status: 200, body: { results: { A: { frames: [series] }, B: { frames: [table] } } } };
  seen.length = 0;
  assert.deepEqual((await uploaded.queryPanel(panel, like)).map(tableOf), [
    {
      name: "churn-api",
      columns: ["Time", "churn-api"],
      rows: [
        [1000, 1],
        [2000, null],
      ],
    },
    { name: undefined, columns: ["Time", "route", "count"], rows: [[0, "/score", 7]] },
  ]);
  const { authorization, body } = seen[0] ?? assert.fail("Grafana was asked");
  assert.equal(authorization, "Bearer glsa_token");
  assert.deepEqual([body["from"], body["to"]], ["1000", "61000"]);
  const [first] = body["queries"] as { query: string; alias: string; intervalMs: number }[];
  assert.equal(
    first?.query,
    `SELECT 1 FROM "m" WHERE "s" =~ /^churn-api$/ AND $timeFilter GROUP BY time($__interval)`,
  );
  assert.deepEqual([first.alias, first.intervalMs], ["$tag_service", 60_000]);
});

test("a query that Grafana refuses, or does not answer, is named", async () => {
  const uploaded = await uploadDashboards({ url, auth: "glsa_token" }, influxDb, [model]);
  queryAnswer = { status: 400, body: { results: { A: { error: "error parsing query" } } } };
  await assert.rejects(uploaded.queryPanel(panel, like), /\/api\/ds\/query with 400: .*error parsing query/);
  queryAnswer = { status: 200, body: { results: { A: { frames: [] } } } };
  await assert.rejects(uploaded.queryPanel(panel, like), /Grafana on "Requests" B: no answer/);
});

test("GRAFANA_URL comes before PATH, and asks for GRAFANA_AUTH", async () => {
  const found = await findGrafana({ GRAFANA_URL: url, GRAFANA_AUTH: "a:b", PATH: "" });
  assert.deepEqual([found?.url, found?.auth], [url, "a:b"]);
  await assert.rejects(findGrafana({ GRAFANA_URL: url, PATH: "" }), /set it to a token, or user:password/);
  assert.equal(await findGrafana({ PATH: "" }), undefined);
});
