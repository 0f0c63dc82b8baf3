import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dashboards } from "../../dashboards";
import { influxClient } from "../../local/services/influxQuery";
import { resolveTool } from "../../local/tools/resolve";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { themes } from "../../viewer/frames/panelFrames";
import { queryDashboard } from "../../viewer/frames/queryDashboard";
import { shownPanel } from "../../viewer/frames/shownFields";
import { sampleNow } from "../../viewer/sample/sampleData";
import {
  fillWithSampleData,
  startTemporaryInfluxDb,
  type TemporaryInfluxDb,
} from "../../viewer/sample/sampleInfluxDb";

const hourMs = 3_600_000;
/** Dashboards about what is the case, not about a version or a run that somebody chose. */
const aboutNow = ["monitoring-home", "model-api-usage", "resources-and-cost", "log-lines", "platform-health"];

describe("tiles of the sample data, of which nothing came for 20 hours", () => {
  let influxDb: TemporaryInfluxDb;
  before(async () => {
    influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
    await fillWithSampleData(influxDb);
  });
  after(() => influxDb?.stop());

  /** Titles of the tiles that are green. @param hoursAgo end of the time range; its length is a day */
  async function greenTiles(nowMs: number, hoursAgo = 0): Promise<string[]> {
    const green = themes.dark.visualization.getColorByName("green");
    const found: string[] = [];
    for (const model of dashboards().map(({ json }) => JSON.parse(json) as DashboardModel)) {
      if (!aboutNow.includes(model.uid)) continue;
      const { panels } = await queryDashboard(model, {
        run: influxClient(influxDb.grafana),
        nowMs,
        from: `now-${24 + hoursAgo}h`,
        to: `now-${hoursAgo}h`,
      });
      for (const panel of panels.filter(({ panel: { type } }) => type === "stat")) {
        const { tiles } = shownPanel(panel);
        if (tiles.some(({ display }) => display.color === green && Number.isFinite(display.numeric)))
          found.push(panel.panel.title);
      }
    }
    return [...new Set(found)].sort();
  }

  const healthy = ["Buffer in use", "Error budget left", "Highest memory use", "Log lag", "Series"];

  it("are green while samples come", async () => {
    const green = await greenTiles(sampleNow);
    assert.deepEqual(
      healthy.filter((title) => !green.includes(title)),
      [],
    );
  });

  it("are not green, nor is any other", async () => {
    assert.deepEqual(await greenTiles(sampleNow + 20 * hourMs), []);
  });

  it("are green for a time range that ended while samples came, but for figures of now", async () => {
    const green = await greenTiles(sampleNow + 20 * hourMs, 20);
    assert.deepEqual(
      ["Buffer in use", "Highest memory use"].filter((title) => !green.includes(title)),
      [],
    );
  });
});
