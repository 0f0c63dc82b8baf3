import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dashboardUids } from "../../contract/dashboardUids";
import { dashboards } from "../../dashboards";
import { influxClient } from "../../local/services/influxQuery";
import { resolveTool } from "../../local/tools/resolve";
import type { DashboardModel } from "../../viewer/frames/dashboardModel";
import { queryDashboard } from "../../viewer/frames/queryDashboard";
import {
  startTemporaryInfluxDb,
  type TemporaryInfluxDb,
  writeLines,
} from "../../viewer/sample/sampleInfluxDb";
import { type Cell, type Table, withTables } from "./support/tables";

const nowMs = Date.UTC(2026, 2, 18, 12);
const hourMs = 3_600_000;

/** A training run: its rows of each class, its F1, and its features' PSI; above 0.25 one has drifted. */
interface TrainingRun {
  id: string;
  version: string;
  /** When its rows begin; each is a second after the one before. */
  hoursAgo: number;
  rows: Readonly<Record<string, number>>;
  f1: number;
  psi: Readonly<Record<string, number>>;
  /** When it says what it made. @default a minute after its first row */
  summaryHoursAgo?: number;
}

const runs: readonly TrainingRun[] = [
  {
    ...{ id: "one-first", version: "1", hoursAgo: 50, f1: 0.61 },
    rows: { no: 70, yes: 30 },
    psi: { age: 0.5, city: 0.6, plan: 0.01 },
  },
  {
    ...{ id: "one-last", version: "1", hoursAgo: 40, f1: 0.82 },
    rows: { no: 15, yes: 8 },
    psi: { age: 0.02, city: 0.03, plan: 0.7 },
  },
  // Two at a time. The rows of the one that is done later come first.
  {
    ...{ id: "two-beside", version: "2", hoursAgo: 29.9995, f1: 0.71, summaryHoursAgo: 29.9 },
    rows: { no: 500, yes: 400 },
    psi: { age: 0.9, city: 0.8, plan: 0.95 },
  },
  {
    ...{ id: "two-last", version: "2", hoursAgo: 30, f1: 0.91, summaryHoursAgo: 29 },
    rows: { no: 40, yes: 2 },
    psi: { age: 0.04, city: 0.4, plan: 0.05 },
  },
];

function linesOf(run: TrainingRun): string[] {
  const { id, version, rows, f1, psi, hoursAgo, summaryHoursAgo = hoursAgo - 1 / 60 } = run;
  const tags = `service=churn,environment=prod,pipeline=churn,model=churn,model_version=${version}`;
  let time = nowMs - hoursAgo * hourMs;
  const line = (measurement: string, more: string, fields: string): string =>
    `${measurement},${tags}${more} ${fields},cicd.pipeline.run.id="${id}" ${(time += 1000)}`;
  return [
    ...Object.entries(rows).map(([name, count]) =>
      line("ml.class", `,class=${name},split=test`, `count=${count}`),
    ),
    line("ml.metric", ",class=_all,split=test", `f1=${f1}`),
    ...Object.entries(psi).map(([feature, value]) =>
      line(
        "ml.drift",
        `,feature=${feature},comparison=new_vs_old,verdict=${value > 0.25 ? "drift" : "none"}`,
        `psi=${value},n_ref=100,n_cur=100,bins=10`,
      ),
    ),
    `ml.run.summary,${tags} failed_checks="of ${id}",champion_version="1",cicd.pipeline.run.id="${id}" ${nowMs - summaryHoursAgo * hourMs}`,
  ];
}

describe("Model approval, where a version has several runs", () => {
  let influxDb: TemporaryInfluxDb;
  before(async () => {
    influxDb = await startTemporaryInfluxDb((await resolveTool("influxd")).path);
    await writeLines(influxDb, "weekly", runs.flatMap(linesOf));
  });
  after(() => influxDb?.stop());

  const model = dashboards()
    .map(({ json }) => JSON.parse(json) as DashboardModel)
    .find(({ uid }) => uid === dashboardUids.modelApproval) as DashboardModel;

  async function shown(version?: string): Promise<(title: string) => readonly Table[]> {
    const { panels } = await queryDashboard(model, {
      run: influxClient(influxDb.grafana),
      nowMs,
      ...(version !== undefined && { choose: { candidate: [version] } }),
    });
    return (title) => {
      const found = panels.find(({ panel }) => panel.title === title);
      assert.ok(found, title);
      return withTables(found).frames;
    };
  }
  const lastOf = (frames: readonly Table[]): Record<string, Cell | undefined> =>
    Object.fromEntries(frames.map(({ name, rows }) => [name ?? "", rows.at(-1)?.at(-1)]));
  const column = (frames: readonly Table[], name: string): (Cell | undefined)[] =>
    (frames[0]?.rows ?? []).map((row) => row[frames[0]?.columns.indexOf(name) ?? -1]);

  for (const [what, version, id] of [
    ["the last of two runs, one after the other", "1", "one-last"],
    ["the last of two runs at a time, and the newest version unless one is chosen", undefined, "two-last"],
  ] as const) {
    it(`shows drift, rows and scores of ${what}`, async () => {
      const panel = await shown(version);
      const run = runs.find((one) => one.id === id) as TrainingRun;
      const psi = Object.values(run.psi);
      const drifted = psi.filter((value) => value > 0.25).length;
      assert.deepEqual(lastOf(panel("Features by drift verdict")), {
        drift: drifted,
        none: psi.length - drifted,
      });
      assert.deepEqual(
        column(panel("Drift by feature"), "PSI").map(Number).sort(),
        [...psi].sort(),
        "each feature once",
      );
      const rows = Object.values(run.rows).reduce((sum, count) => sum + count, 0);
      assert.deepEqual(Object.values(lastOf(panel("n behind the scores"))), [rows]);
      assert.equal(lastOf(panel("F1: candidate and champion")).Candidate, run.f1);
      assert.deepEqual(column(panel("Failed checks"), "Failed checks"), [`of ${id}`]);
    });
  }

  it("compares versions by the last run of each", async () => {
    const panel = await shown();
    const frames = panel("Drift (PSI) by feature and version");
    assert.deepEqual(column(frames, "Version"), ["1", "2"]);
    // The champion, version 1, has two runs as well.
    assert.equal(lastOf(panel("F1: candidate and champion")).Champion, 0.82);
    assert.equal(column(frames, "plan")[0], 0.7);
  });
});
