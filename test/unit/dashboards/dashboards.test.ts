import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  checkDashboardDefinitions,
  type ComputePrices,
  dashboards,
  type DashboardDefinition,
} from "../../../dashboards";
import type { DashboardModel } from "../../../viewer/frames/dashboardModel";
import { lintRules } from "./lintRules";

const definitions = dashboards();
const models = definitions.map(({ json }) => JSON.parse(json) as DashboardModel);

test("uids are stable: alert mails and bookmarks hold them", () => {
  assert.deepEqual(
    definitions.map(({ uid, title }) => [uid, title]),
    [
      ["monitoring-home", "Home"],
      ["model-approval", "Model approval"],
      ["training-run", "Run"],
      ["model-api-usage", "Model API usage"],
      ["resources-and-cost", "Resources and cost"],
      ["log-lines", "Logs"],
      ["platform-health", "Platform health"],
    ],
  );
});

for (const model of models) {
  describe(`lint of ${model.title}`, () => {
    for (const [name, check] of Object.entries(lintRules)) test(name, () => check(model));
  });
}

describe("options", () => {
  test("prices change the cost, and the unit is the currency", () => {
    const costs = dashboards({ prices: { currency: "eur", vcpuHour: 0.5, gibHour: 0.125 } }).find(
      ({ uid }) => uid === "resources-and-cost",
    );
    assert.ok(costs);
    assert.match(costs.json, /"currencyEUR"/);
    assert.match(costs.json, /sum\(\\"cores\\"\) \* 0\.5/);
  });

  test("a price of a GPU adds the columns of their cost", () => {
    const json = (prices?: ComputePrices): string =>
      dashboards(prices && { prices }).find(({ uid }) => uid === "resources-and-cost")?.json ?? "";
    const priced = json({ currency: "usd", vcpuHour: 0, gibHour: 0, gpuHour: 3.5 });
    assert.match(priced, /\* 3\.5 AS \\"cost\\"/);
    assert.match(priced, /"idle cost": "Idle cost"/);
    assert.doesNotMatch(json(), /"idle cost": "Idle cost"/);
    assert.throws(
      () => json({ currency: "usd", vcpuHour: 0, gibHour: 0, gpuHour: -1 }),
      /prices\.gpuHour is -1/,
    );
  });

  test("a price that is no amount is refused by its name", () => {
    assert.throws(
      () => dashboards({ prices: { currency: "usd", vcpuHour: NaN, gibHour: 0 } }),
      /prices\.vcpuHour is NaN/,
    );
  });

  test("data source and folder are taken over", () => {
    const [first] = dashboards({ dataSourceUid: "other", folder: "Mine", alertmanagerName: "AM" });
    assert.equal(first?.folder, "Mine");
    assert.match(first.json, /"value": "other"/);
    assert.match(first.json, /groups\?alertmanager=AM/);
  });
});

describe("checkDashboardDefinitions", () => {
  const own = (changes: Partial<DashboardDefinition>): DashboardDefinition => ({
    uid: "mine",
    title: "Mine",
    folder: "Apps",
    json: '{"uid":"mine"}',
    ...changes,
  });

  test("takes an app's own dashboard beside ours", () => {
    checkDashboardDefinitions([...definitions, own({})]);
  });

  for (const [what, list, message] of [
    ["a repeated uid", [own({}), own({})], /used twice/],
    ["a uid that no URL holds", [own({ uid: "a b" })], /1 to 40 letters/],
    ["text that is not JSON", [own({ json: "{" })], /not JSON/],
    ["another uid in the JSON", [own({ json: '{"uid":"other"}' })], /another one/],
    [
      "one that no ConfigMap holds",
      [own({ json: JSON.stringify({ uid: "mine", x: "x".repeat(1024 ** 2) }) })],
      /split it/,
    ],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => checkDashboardDefinitions(list), message);
    });
  }
});
