import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isEventName } from "../../contract/events";
import { renderTelegrafConfig } from "../../components/telegraf/telegrafConfig";
import { freePort } from "../../local/ports";
import { run } from "../../local/processes";
import type { Service } from "../../local/services/service";
import { virtualEnvironment } from "../engine/python/environment";
import { type RuleEvaluator, startRuleEvaluator } from "./support/ruleEvaluator";
import { startTelegraf } from "./support/telegraf";
import { waitFor } from "./support/waitFor";

describe("an app with OpenTelemetry's SDK and no helper: SDK, Telegraf and InfluxDB are real", () => {
  let directory: string;
  let evaluator: RuleEvaluator;
  let telegraf: Service;
  let start = 0;
  let missing: string | undefined;

  /** A test, or its skipping where the SDK can't be had. */
  const test = (title: string, check: () => Promise<void>): void => {
    it(title, { timeout: 60_000 }, (t) => (missing === undefined ? check() : t.skip(missing)));
  };

  before(async () => {
    const { python, missing: why } = await virtualEnvironment();
    missing = why && `OPENTELEMETRY'S PROTOCOL IS NOT TESTED: ${why}`;
    if (python === undefined) return;
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-otlp-"));
    evaluator = await startRuleEvaluator();
    const otlpPort = await freePort();
    telegraf = await startTelegraf({
      directory: join(directory, "telegraf"),
      config: renderTelegrafConfig({
        influxDbUrl: evaluator.database.influxd.url,
        influxDbMetrics: false,
        environment: "platform",
        kubernetes: false,
        healthPort: await freePort(),
        intervalSeconds: 1,
        otlp: { seriesPerApp: 10 },
        otlpPort,
      }),
    });
    const { code, stdout, stderr } = await run(python, [join(__dirname, "support", "otelApp.py")], {
      env: {
        ...process.env,
        OTEL_SERVICE_NAME: "churn",
        OTEL_RESOURCE_ATTRIBUTES: "service.version=1.4.0,deployment.environment.name=prod",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlpPort}`,
      },
    });
    assert.equal(code, 0, stderr);
    start = (JSON.parse(stdout) as { start: number }).start / 1e6;
    await waitFor("the metrics, which are sent last", 30_000, async () => {
      const found = await query('SELECT last("counter") AS value FROM "events"."items"');
      return found[0];
    });
  });
  after(async () => {
    await telegraf?.stop();
    await evaluator?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const query = (text: string) => evaluator.database.client.influxql(text);

  test("its server's spans are requests of the contract, each once", async () => {
    const rows = await query(
      `SELECT count("duration_s") AS requests, sum("duration_s") AS seconds FROM "events"."http.server.request" WHERE "route" = '/predict' GROUP BY "service", "environment", "method", "status_class", "model", "model_version"`,
    );
    const told = rows
      .map(({ requests, service, environment, method, status_class, model, model_version }) =>
        [requests, service, environment, method, status_class, model, model_version].join(" "),
      )
      .sort();
    assert.deepEqual(told, ["16 churn prod POST 2xx churn 1.4.0", "4 churn prod POST 5xx churn 1.4.0"]);
    const seconds = rows.reduce((sum, row) => sum + Number(row.seconds), 0);
    // 10 ms, 20 ms, … 200 ms.
    assert.ok(Math.abs(seconds - 2.1) < 1e-9, String(seconds));
    const [old] = await query(
      `SELECT last("http.response.status_code") AS status, "trace_id" FROM "events"."http.server.request" WHERE "route" = '/old'`,
    );
    assert.equal(old?.status, 404);
    assert.match(String(old?.trace_id), /^[0-9a-f]{32}$/);
    const [first] = await query(
      `SELECT first("duration_s") FROM "events"."http.server.request" WHERE "route" = '/predict'`,
    );
    assert.ok(
      Math.abs(Date.parse(String(first?.time)) - (start + 10)) <= 1,
      "a request counts when it has ended",
    );
  });

  test("its log records are lines, with severity, exception, trace and own attributes", async () => {
    const [low] = await query(
      `SELECT "body", "stock", "text.warehouse", "severity" FROM "events"."log" WHERE "severity" = 'WARN'`,
    );
    assert.deepEqual([low?.body, low?.stock, low?.["text.warehouse"]], ["stock is low", 3, "north"]);
    const [failed] = await query(
      `SELECT "exception.type", "exception.stacktrace", "exception.trace_id", "trace_id", "body" FROM "events"."log" WHERE "severity" = 'ERROR'`,
    );
    assert.equal(failed?.["exception.type"], "ZeroDivisionError");
    assert.match(String(failed?.["exception.stacktrace"]), /1 \/ 0/);
    assert.match(String(failed?.["exception.trace_id"]), /^[0-9a-f]{32}$/);
    assert.equal(failed?.["exception.trace_id"], failed?.trace_id);
    const bodies = (await query('SELECT "body" FROM "events"."log"')).map(({ body }) => body);
    assert.ok(bodies.includes("not an event") && bodies.includes("of the platform"), bodies.join());
    assert.deepEqual(await query('SELECT * FROM "events"."http_response"'), []);
  });

  test("a record with event.name is that event, and its alert fires", async () => {
    const [end] = await query(
      `SELECT "duration_s", "cicd.pipeline.run.id" AS run, "pipeline", "result", "service" FROM "events"."pipeline.run.end"`,
    );
    assert.deepEqual(
      [end?.duration_s, end?.run, end?.pipeline, end?.result, end?.service],
      [12.5, "nightly-1", "nightly", "failure", "churn"],
    );
    const alerts = await evaluator.evaluate("TrainingRunFailed", Date.now());
    assert.equal(alerts.get("churn")?.labels.run, "nightly-1");
    const [sale] = await query('SELECT "amount", "text.currency" FROM "events"."shop.sale"');
    assert.deepEqual([sale?.amount, sale?.["text.currency"]], [12, "EUR"]);
  });

  test("its metrics are stored by their names, without what is the platform's", async () => {
    const [items] = await query(
      'SELECT last("counter") AS value FROM "events"."items" GROUP BY "service", "environment", "kind"',
    );
    assert.deepEqual(
      [items?.value, items?.service, items?.environment, items?.kind],
      [7, "churn", "prod", "a"],
    );
    const [sizes] = await query(
      'SELECT last("count") AS count, last("sum") AS sum FROM "events"."batch_size"',
    );
    assert.deepEqual([sizes?.count, sizes?.sum], [3, 303]);
    assert.deepEqual(await query('SELECT * FROM "events"."kubernetes_problem"'), []);
  });

  test("nothing else is stored: no inner spans, no resource attributes, no measurement that nobody knows", async () => {
    const names = (await query('SHOW MEASUREMENTS ON "monitoring"')).map(({ name }) => String(name));
    const unknown = names.filter(
      (name) =>
        !isEventName(name) &&
        !["internal_gather", "alert.posted", "shop.sale", "items", "batch_size"].includes(name),
    );
    assert.deepEqual(unknown, []);
    assert.doesNotMatch(await readFile(telegraf.logFile, "utf8"), /E! .*starlark/);
  });
});
