import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { dashboards } from "../../../dashboards";

/**
 * What changes for Grafana is seen in the diff of these files. After a change on purpose:
 * `npm run dashboards:golden`, and review the diff.
 */
const folder = join(__dirname, "golden");

if (process.env["UPDATE_GOLDEN"] === "1") {
  mkdirSync(folder, { recursive: true });
  for (const { uid, json } of dashboards()) writeFileSync(join(folder, `${uid}.json`), json);
}

test("there is a golden file of each dashboard and no other", () => {
  assert.deepEqual(
    readdirSync(folder).sort(),
    dashboards()
      .map(({ uid }) => `${uid}.json`)
      .sort(),
  );
});

for (const { uid, title, json } of dashboards()) {
  test(`${title} is as reviewed`, () => {
    assert.deepEqual(
      JSON.parse(json),
      JSON.parse(readFileSync(join(folder, `${uid}.json`), "utf8")),
      "run `npm run dashboards:golden` and review the diff",
    );
  });
}
