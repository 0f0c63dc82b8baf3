import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { dashboardProviders, provisionedDataSources } from "../../components/grafana/provisioning";
import type { DashboardDefinition } from "../../dashboards";
import type { InfluxConnection } from "../../local/services/influxQuery";
import { createViewer } from "../server/server";

/** A viewer on 127.0.0.1. */
export interface RunningViewer {
  readonly url: string;
  /** Of the administrator. */
  readonly password: string;
  /** Ends it, and removes its provisioning files. */
  stop(): Promise<void>;
}

/**
 * Starts the viewer on the provisioning files that Grafana would get.
 *
 * @param nowMs the time that is now for it
 * @throws Error with the fix, when the page's script is not built
 */
export async function startViewer(
  influxDb: InfluxConnection,
  dashboards: readonly DashboardDefinition[],
  nowMs: () => number,
): Promise<RunningViewer> {
  const assets = join(__dirname, "..", "..", "dist", "viewer");
  if (!existsSync(join(assets, "client.js")))
    throw new Error(`${assets}/client.js is not there: run \`npm run build\``);
  const folder = await mkdtemp(join(tmpdir(), "ds-monitoring-viewer-"));
  const [provisioning, platform] = [join(folder, "provisioning"), join(folder, "dashboards")];
  const files = {
    [join(provisioning, "datasources", "datasources.yaml")]: provisionedDataSources({
      influxDbUrl: influxDb.url,
      influxDbUsername: influxDb.username,
      alertmanagerUrl: "http://127.0.0.1:9093",
    }),
    [join(provisioning, "dashboards", "dashboards.yaml")]: dashboardProviders({
      platform,
      apps: join(folder, "apps"),
    }),
    ...Object.fromEntries(dashboards.map((one) => [join(platform, one.folder, `${one.uid}.json`), one.json])),
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text);
  }
  const password = randomUUID();
  const server = createViewer({
    provisioning,
    environment: { INFLUXDB_PASSWORD: influxDb.password, GF_SECURITY_ADMIN_PASSWORD: password },
    assets,
    log: console.error,
    nowMs,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    password,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
