import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { run } from "../../local/processes";
import type { InfluxRow } from "../../local/services/influxQuery";
import { missingFluentd } from "./support/missingFluentd";
import { type SampleStack, startSampleStack } from "./support/sampleStack";
import { waitFor } from "./support/waitFor";
import { checkProductionDrift } from "./support/workloads";

/** The rows of a CSV file without quotes. */
async function readCsv(file: string): Promise<Record<string, string>[]> {
  const [header = "", ...lines] = (await readFile(file, "utf8")).trim().split("\n");
  const names = header.trim().split(",");
  return lines.map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(",")
        .map((cell, index) => [names[index] ?? "", cell]),
    ),
  );
}

describe("drift of the penguins, from the example's programs to InfluxDB and a mail", async () => {
  const skip = await missingFluentd();
  let stack: SampleStack;

  before(async () => {
    if (skip !== false) return;
    stack = await startSampleStack();
    for (const year of [2007, 2008, 2009]) await stack.train({ id: `penguins-${year}`, year });
    await stack.waitForRunEnds(3);
  });
  after(() => stack?.stop());

  const query = (text: string): Promise<InfluxRow[]> => stack.query(text);
  const kept = (year: number): string =>
    join(stack.workloads.dataDirectory, "runs", `penguins-${year}`, "kept.csv");

  it("three years of training: flippers drift from 2007 to 2009, by SciPy's figures", { skip }, async () => {
    const rows = await query(
      'SELECT "feature", "ks", "wasserstein_norm", "n_ref", "n_cur", "verdict", "model_version" FROM "events"."ml.drift" WHERE "comparison" = \'new_vs_old\'',
    );
    assert.deepEqual(
      rows.filter(({ verdict }) => verdict === "drift").map((row) => [row.model_version, row.feature]),
      [["penguins-2009", "flipper_length_mm"]],
    );
    // 2008 was rejected, so both later years are compared with 2007.
    const program = `
import json, sys
import pandas as pd
from scipy.stats import ks_2samp, wasserstein_distance
old, new = (pd.read_csv(path)["flipper_length_mm"] for path in sys.argv[1:])
print(json.dumps([ks_2samp(old, new).statistic, wasserstein_distance(old, new) / old.std(ddof=0), len(old), len(new)]))`;
    const scipy = await run(stack.workloads.python, ["-c", program, kept(2007), kept(2009)], {});
    const expected = JSON.parse(scipy.stdout) as number[];
    const found = rows.find(
      (row) => row.model_version === "penguins-2009" && row.feature === "flipper_length_mm",
    );
    for (const [index, name] of ["ks", "wasserstein_norm", "n_ref", "n_cur"].entries()) {
      assert.ok(Math.abs(Number(found?.[name]) - Number(expected[index])) < 1e-9, `${name}: ${scipy.stdout}`);
    }
  });

  it("a mail says so", { skip }, async () => {
    const drifted = await query(
      'SELECT count("psi") AS n FROM "events"."ml.drift" WHERE "verdict" = \'drift\' AND "model_version" = \'penguins-2009\'',
    );
    const mail = await stack.waitForMail("training drift", ({ subject }) =>
      subject.includes("the data has drifted"),
    );
    assert.equal(
      mail.subject,
      `[WARNING] penguins-training: the data has drifted in ${String(drifted[0]?.n)} comparisons – test`,
    );
    assert.match(mail.text, /var-runId=penguins-2009/);
  });

  it(
    "heavier penguins at the API: production drift of that feature alone, and a mail",
    { skip },
    async () => {
      const api = await stack.startApi();
      const features = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
      const rows = await readCsv(kept(2009));
      for (const row of rows) {
        const body = Object.fromEntries(features.map((name) => [name, Number(row[name])]));
        const shifted = { ...body, body_mass_g: Number(row.body_mass_g) * 1.3 };
        const response = await fetch(`${api.url}/predict`, {
          method: "POST",
          headers: { "X-User-Id": "ann" },
          body: JSON.stringify(shifted),
        });
        assert.equal(response.status, 200);
      }
      await stack.waitForRequests(rows.length);
      const sampled = 'SELECT * FROM "events"."ml.features"';
      const samples = await waitFor("a sample of each request in InfluxDB", 60_000, async () => {
        const found = await query(sampled);
        return found.length >= rows.length ? found : undefined;
      });
      const keys = new Set(
        samples.flatMap((sample) => Object.keys(sample).filter((key) => sample[key] !== null)),
      );
      assert.deepEqual(
        [...keys].sort(),
        [
          ...["environment", "model", "model_version", "service", "severity_text", "time", "features"],
          ...features.map((name) => `feature.${name}`),
        ].sort(),
        "nothing leads to a user, a request or a trace",
      );
      const mean = (values: number[]): number =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      const served = mean(samples.map((sample) => Number(sample["feature.body_mass_g"])));
      assert.ok(Math.abs(served / (1.3 * mean(rows.map((row) => Number(row.body_mass_g)))) - 1) < 1e-9);

      await checkProductionDrift(stack.workloads, "check-1", stack.appsReader);
      const compared = await waitFor("the comparison in InfluxDB", 60_000, async () => {
        const found = await query(
          'SELECT "feature", "psi", "n_ref", "n_cur", "verdict", "service", "model_version" FROM "events"."ml.drift" WHERE "comparison" = \'production_vs_training\'',
        );
        return found.length >= features.length ? found : undefined;
      });
      const trained = await readCsv(
        join(stack.workloads.dataDirectory, "runs", "penguins-2009", "train.csv"),
      );
      for (const row of compared) {
        assert.deepEqual(
          [row.service, row.model_version, row.n_ref, row.n_cur],
          ["penguins-api", "penguins-2009", trained.length, rows.length],
        );
      }
      const drifted = compared.filter(({ verdict }) => verdict === "drift");
      assert.deepEqual(
        drifted.map(({ feature }) => feature),
        ["body_mass_g"],
      );
      assert.ok(Number(drifted[0]?.psi) > 0.2);
      const mail = await stack.waitForMail("production drift", ({ subject }) =>
        subject.includes("that it serves have drifted"),
      );
      assert.equal(
        mail.subject,
        "[WARNING] penguins-api: 1 of the features that it serves have drifted – test",
      );
      assert.match(mail.text, /model-api-usage\?\S*var-service=penguins-api/);
      assert.match(mail.text, /ProductionDriftDetected\.md/);
    },
  );
});
