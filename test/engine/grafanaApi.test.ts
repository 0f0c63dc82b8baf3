import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { GrafanaContent } from "../../components/grafana/grafanaContent";
import { dashboards } from "../../dashboards";
import { run } from "../../local/processes";
import { resolveTool, ToolUnavailableError } from "../../local/tools/resolve";
import { deploy } from "../unit/support/deploy";

/**
 * Answers that Grafana's API description requires. Source:
 * https://grafana.com/docs/grafana/latest/developers/http_api/ (folder, data_source, dashboard)
 */
const answers: Readonly<Record<string, (body: Body) => object>> = {
  "/api/folders": ({ title, uid }) => ({
    id: 1,
    uid,
    title,
    url: `/dashboards/f/${String(uid)}`,
    version: 1,
  }),
  "/api/datasources": ({ name, uid }) => ({
    id: 1,
    name,
    message: "Datasource added",
    datasource: { id: 1, uid, name },
  }),
  "/api/dashboards/db": ({ dashboard, folderUid }) => {
    const { uid, title } = dashboard as Body;
    return {
      id: 1,
      uid,
      url: `/d/${String(uid)}`,
      status: "success",
      version: 1,
      title,
      slug: "s",
      folderUid,
    };
  },
};

type Body = Record<string, unknown>;

interface Asked {
  readonly path: string;
  readonly authorization?: string;
  readonly body: Body;
}

test("what GrafanaContent makes is placed by Grafana's own client, each dashboard as it is", async (t) => {
  const client = await resolveTool("grafana-api-client").catch((error: unknown) => {
    if (error instanceof ToolUnavailableError) return t.skip(error.message);
    throw error;
  });
  if (client === undefined) return;
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
      asked.push({ path, authorization: request.headers.authorization, body });
      const answer = request.method === "POST" ? answers[path] : undefined;
      response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer?.(body) ?? { message: "not found" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });

  const { resources } = await deploy(
    () =>
      new GrafanaContent("content", {
        url: "https://grafana.example.com",
        auth: "glsa_token",
        influxDb: { url: "https://influxdb.example.com", username: "grafana", password: "reads-only" },
        alertmanagerUrl: "https://alertmanager.example.com",
        alertmanagerAuthorization: "Basic YTpi",
        dashboards: dashboards(),
      }),
  );
  const placed = resources.filter(({ type }) => type.startsWith("grafana:"));
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "resources.json");
  await writeFile(file, JSON.stringify(placed.map(({ type, inputs }) => ({ type, inputs }))));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { ...process.env, GRAFANA_AUTH: "glsa_token" };
  const { code, stderr } = await run(client.path, [url, file], { env });
  assert.equal(code, 0, stderr);
  const bodies = (path: string): Body[] => asked.filter((one) => one.path === path).map(({ body }) => body);
  assert.ok(asked.every(({ authorization }) => authorization === "Bearer glsa_token"));
  assert.deepEqual(bodies("/api/folders"), [
    { title: "Data science monitoring", uid: "data-science-monitoring" },
  ]);
  assert.deepEqual(
    bodies("/api/datasources").sort((one, other) => (String(one["uid"]) < String(other["uid"]) ? -1 : 1)),
    [
      {
        name: "Alertmanager",
        uid: "alertmanager",
        type: "alertmanager",
        access: "proxy",
        url: "https://alertmanager.example.com",
        jsonData: {
          implementation: "prometheus",
          handleGrafanaManagedAlerts: false,
          httpHeaderName1: "Authorization",
        },
        secureJsonData: { httpHeaderValue1: "Basic YTpi" },
      },
      {
        name: "InfluxDB",
        uid: "influxdb",
        type: "influxdb",
        access: "proxy",
        url: "https://influxdb.example.com",
        basicAuth: true,
        basicAuthUser: "grafana",
        jsonData: { version: "InfluxQL", dbName: "monitoring", httpMode: "POST" },
        secureJsonData: { basicAuthPassword: "reads-only" },
      },
    ],
  );
  const placedDashboards = new Map(
    bodies("/api/dashboards/db").map((body) => [(body["dashboard"] as Body)["uid"], body]),
  );
  assert.equal(placedDashboards.size, dashboards().length);
  for (const { uid, json } of dashboards()) {
    // The client adds a time that it was not given.
    const { UpdatedAt: _, ...body } = placedDashboards.get(uid) ?? {};
    assert.deepEqual(body, {
      dashboard: JSON.parse(json) as Body,
      folderUid: "data-science-monitoring",
      overwrite: true,
    });
  }
});
