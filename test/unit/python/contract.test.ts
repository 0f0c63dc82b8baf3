import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { contractViolations } from "../../support/contractViolations";

const helperFolder = resolve(__dirname, "../../../python");

/** Calls each function of the helper that writes an event. */
const program = `
import io, logging, os
from ds_monitoring import EventHandler, RequestLogging, prediction, run

LOG_DIR = os.environ["LOG_DIR"]

def app(environ, start_response):
    prediction("Adelie", 0.9, features={"age": 39, "island": "Dream"})
    start_response("200 OK", [])
    return [b""]

environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/predict", "wsgi.input": io.BytesIO(b""), "HTTP_X_USER_ID": "ann",
           "HTTP_TRACEPARENT": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
api = RequestLogging(app, service="api", model="churn", model_version="7", key="k", route=lambda _: "/predict",
                     feature_rate=1)
api(environ, lambda *_: None).close()

logging.getLogger("app").addHandler(EventHandler())
try:
    with run("churn", model="churn", model_version="7", expected_max_s=60) as r, r.task("train", expected_max_s=30) as t:
        t.rows(rows_in=10, rows_out=9)
        r.class_balance(["a", "a", "b"])
        r.outliers("age", "iqr", 10, 1)
        r.drift("age", range(1000), range(500, 1500))
        r.drift("age", range(3), [], comparison="train_vs_val")
        r.drift("kind", ["a"] * 9, ["b"] * 9)
        r.metric("test", rmse=2.5, mae=2, r2=0.9, mape=0.1, **{"ndcg@10": 0.8})
        r.profile({"age": range(100)}, LOG_DIR + "/profile.json")
        r.production_drift(LOG_DIR + "/profile.json", "api", served={"age": range(50, 150)})
        r.metric("test", accuracy=1, precision=1, recall=1, f1=1, roc_auc=1, log_loss=0, brier=0)
        r.confusion(["a", "b"], ["a", "a"])
        r.summary(rows=9, features=3, imbalance_ratio=2, decision="reject", failed_checks=["f1"],
                  champion_version="6", data_version="2026", git_revision="abc")
        r.decision("reject", "f1 is low")
        raise ValueError("on purpose")
except ValueError:
    logging.getLogger("app").exception("failed")
`;

test("every event that the helper can write fits the log contract", (t) => {
  if (spawnSync("python3", ["--version"]).status !== 0) {
    t.skip("python3 is not on PATH: the Python helper's events were not checked");
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "ds-monitoring-helper-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const run = spawnSync("python3", ["-c", program], {
    env: {
      ...process.env,
      PYTHONPATH: helperFolder,
      LOG_DIR: directory,
      OTEL_RESOURCE_ATTRIBUTES: "service.version=1,deployment.environment.name=test",
    },
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stderr);
  const lines = readdirSync(directory)
    .filter((name) => name.endsWith(".log"))
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "");
  assert.deepEqual(contractViolations(lines), []);
  const names = new Set(lines.map((line) => (JSON.parse(line) as { event_name: string }).event_name));
  assert.deepEqual([...names].sort(), [
    "http.server.request",
    "log",
    "ml.class",
    "ml.confusion",
    "ml.decision",
    "ml.drift",
    "ml.features",
    "ml.metric",
    "ml.outliers",
    "ml.run.summary",
    "pipeline.run.end",
    "pipeline.run.start",
    "pipeline.task.end",
    "pipeline.task.start",
  ]);
});

test("a line that does not fit the log contract is reported", () => {
  const fitting = { timestamp: "2026-01-01T00:00:00.000000001Z", event_name: "pipeline.run.start" };
  const required = { "cicd.pipeline.name": "churn", "cicd.pipeline.run.id": "1" };
  assert.deepEqual(contractViolations([JSON.stringify({ ...fitting, ...required })]), []);
  for (const wrong of [
    fitting,
    { ...fitting, ...required, made_up: 1 },
    { ...fitting, ...required, expected_max_s: "60" },
    { ...fitting, ...required, timestamp: "yesterday" },
    { ...fitting, ...required, event_name: "unknown" },
  ]) {
    assert.equal(contractViolations([JSON.stringify(wrong)]).length, 1, JSON.stringify(wrong));
  }
});
