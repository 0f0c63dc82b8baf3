import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { dashboardProviders, provisionedDataSources } from "../../../components/grafana/provisioning";
import { dashboards } from "../../../dashboards";
import { expandEnvironment, readDashboards, readDataSources } from "../../../viewer/server/provisioning";
import { createViewer, isSignedIn } from "../../../viewer/server/server";

const environment = { INFLUXDB_PASSWORD: "p$ss", GF_SECURITY_ADMIN_PASSWORD: "secret" };
const signIn = { headers: { authorization: `Basic ${Buffer.from("admin:secret").toString("base64")}` } };

test("environment variables are put in as Grafana does", () => {
  assert.deepEqual(
    expandEnvironment(
      { a: ["$INFLUXDB_PASSWORD", "${INFLUXDB_PASSWORD}!", "$$x", 7, null], b: "$NONE" },
      environment,
    ),
    { a: ["p$ss", "p$ss!", "$x", 7, null], b: "" },
  );
});

test("only the administrator is let in, and nobody where there is no password", () => {
  assert.equal(isSignedIn(signIn.headers.authorization, environment), true);
  assert.equal(isSignedIn(undefined, environment), false);
  assert.equal(
    isSignedIn(`Basic ${Buffer.from("admin:").toString("base64")}`, { GF_SECURITY_ADMIN_PASSWORD: "" }),
    false,
  );
  assert.equal(isSignedIn(undefined, { GF_AUTH_ANONYMOUS_ENABLED: "true" }), true);
});

describe("the viewer on the provisioning files of Grafana", () => {
  let folder = "";
  let url = "";
  const lines: string[] = [];
  const [home] = dashboards();
  assert.ok(home);
  const server = createViewer({
    get provisioning() {
      return join(folder, "provisioning");
    },
    environment,
    assets: "",
    log: (line) => lines.push(line),
  });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "viewer-test-"));
    const platform = join(folder, "dashboards");
    const apps = join(folder, "apps");
    // Files as a ConfigMap mounts them: links into a hidden folder, which changes as a whole.
    const mounted = join(platform, home.folder);
    for (const path of ["provisioning/datasources", "provisioning/dashboards", "apps"]) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    mkdirSync(join(mounted, "..2026"), { recursive: true });
    writeFileSync(join(mounted, "..2026", "home.json"), home.json);
    symlinkSync("..2026", join(mounted, "..data"));
    symlinkSync("..data/home.json", join(mounted, "home.json"));
    // Grafana does not follow a link to a folder.
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere", "x.json"), JSON.stringify({ uid: "linked", title: "Linked" }));
    symlinkSync(join(folder, "elsewhere"), join(platform, "linked"));
    writeFileSync(join(apps, "broken.json"), "{");
    writeFileSync(join(apps, "own.json"), JSON.stringify({ uid: "own", title: "An app's own", tags: [] }));
    writeFileSync(
      join(folder, "provisioning", "datasources", "datasources.yaml"),
      provisionedDataSources({
        influxDbUrl: "http://127.0.0.1:1",
        influxDbUsername: "grafana",
        alertmanagerUrl: "http://127.0.0.1:1",
      }),
    );
    writeFileSync(
      join(folder, "provisioning", "dashboards", "dashboards.yaml"),
      dashboardProviders({ platform, apps }),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("finds what Grafana finds", () => {
    const [influxDb] = readDataSources(join(folder, "provisioning"), environment);
    assert.deepEqual(influxDb?.secureJsonData, { basicAuthPassword: "p$ss" });
    const found = readDashboards(join(folder, "provisioning"), environment, (line) => lines.push(line));
    assert.deepEqual(
      found.map(({ folder: shown, model }) => [shown, model.uid]),
      [
        [home.folder, "monitoring-home"],
        ["General", "own"],
      ],
    );
    assert.match(lines.join("\n"), /broken\.json is left out/);
  });

  test("answers the probes without a login, and nothing else", async () => {
    const health = await fetch(`${url}/api/health`);
    assert.equal(((await health.json()) as { database: string }).database, "ok");
    assert.equal((await fetch(url)).status, 401);
    assert.match(await (await fetch(url, signIn)).text(), /stand-in for Grafana.*An app&#39;s own.*Home/s);
  });

  test("an InfluxDB that does not answer is an error, and an unknown dashboard is not found", async () => {
    const broken = await fetch(`${url}/d/monitoring-home`, signIn);
    assert.equal(broken.status, 500);
    assert.equal((await fetch(`${url}/d/nothing`, signIn)).status, 404);
    const own = await (await fetch(`${url}/d/own?from=0`, signIn)).text();
    assert.match(own, /An app&#39;s own/);
  });

  test("a theme that was chosen once is kept", async () => {
    const chosen = await fetch(`${url}/d/own?theme=light`, signIn);
    const cookie = chosen.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^theme=light; /);
    const light = await chosen.text();
    const [dark, again] = await Promise.all(
      ["", "other=1; theme=light"].map(async (cookie) =>
        (await fetch(`${url}/d/own`, { headers: { ...signIn.headers, cookie } })).text(),
      ),
    );
    const styleOf = (text: string | undefined): string => /<style>.*<\/style>/s.exec(text ?? "")?.[0] ?? "";
    assert.equal(styleOf(again), styleOf(light));
    assert.notEqual(styleOf(dark), styleOf(light));
  });
});
