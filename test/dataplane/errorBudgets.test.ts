import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorBudgetTask } from "../../components/alerts/errorBudgets";
import { every, hour, minute, now, second, services, useRuleEvaluator } from "./support/ruleEvaluator";

const day = 24 * hour;

describe("error budgets in a real InfluxDB", { timeout: 120_000 }, () => {
  const evaluator = useRuleEvaluator();

  /** Objectives, as Telegraf writes them with the Deployment. */
  const declare = (service: string, fields: string, at = now): string[] =>
    every(at - 3 * minute, at, 10 * second).map(
      (time) =>
        `kubernetes_deployment,service=${service},environment=test,namespace=apps replicas_available=1i,${fields} ${time}000000`,
    );
  const answered = (service: string, time: number, status: string, count: number): string =>
    `http.server.request,service=${service},environment=test,route=/predict,status_class=${status} count=${count} ${time}000000`;
  /** Requests of which some fail, at each time. */
  const requests = (
    service: string,
    times: readonly number[],
    count: number,
    failed: (time: number) => number,
  ): string[] =>
    times.flatMap((time) => [
      answered(service, time, "2xx", count - failed(time)),
      answered(service, time, "5xx", failed(time)),
    ]);
  /** Requests of which some take long; 0.290246 is the bucket from 0.2767 to 0.3044 s. */
  const durations = (service: string, times: readonly number[], slow: number): string[] =>
    times.flatMap((time) =>
      [
        ["0.050281", 50 - slow],
        ["0.290246", 50],
        ["0.319271", slow],
      ].map(
        ([bucket, count]) =>
          `http.server.request.histogram,service=${service},environment=test,route=/predict,bucket=${bucket} duration_s=${count} ${time}000000`,
      ),
    );
  const posted = (): string[] =>
    evaluator.catcher.posted
      .map(({ labels, annotations }) => {
        const burn = /burns (\S+) times/.exec(annotations.summary ?? "")?.[1] ?? "";
        const span = /In the last (\d+ \w)/.exec(annotations.description ?? "")?.[1] ?? "";
        return `${labels.service} ${labels.slo}: ${burn} in ${span}`;
      })
      .sort();

  it("ErrorBudgetBurnsFast: 14.4 times in an hour or 6 times in six, and still in the short window", async () => {
    const minutes = every(now - 6 * hour, now, minute);
    const before = (ago: number) => (time: number) => time < now - ago;
    const within = (ago: number) => (time: number) => !before(ago)(time);
    await evaluator.write(
      ["burst", "over", "steady-4", "steady-2"].flatMap((service) =>
        declare(service, "slo_availability=0.995"),
      ),
    );
    await evaluator.database.client.write(
      [
        // 100 of the hour's 600 fail: 0.1667 / 0.005.
        ...requests("burst", minutes, 10, (time) => (within(10 * minute)(time) ? 10 : 0)),
        // As many, but ten minutes ago: none in five minutes; 100 of 3,600 in six hours are 5.6 times.
        ...requests("over", minutes, 10, (time) =>
          within(20 * minute)(time) && before(10 * minute)(time) ? 10 : 0,
        ),
        // 0.04 / 0.005 and 0.02 / 0.005.
        ...requests("steady-4", minutes, 100, () => 4),
        ...requests("steady-2", minutes, 100, () => 2),
        ...requests("without-objective", minutes, 10, () => 10),
      ],
      "minutely",
    );
    await evaluator.evaluate("ErrorBudgetBurnsFast");
    assert.deepEqual(posted(), ["burst availability: 33.3 in 1 h", "steady-4 availability: 8 in 6 h"]);
    const alert = evaluator.catcher.posted.find(({ labels }) => labels.service === "burst");
    assert.equal(alert?.labels.severity, "critical");
    assert.match(alert?.annotations.description ?? "", /would last 30 \/ 33\.3 days/);
  });

  it("ErrorBudgetBurnsFast ends when the short window is clean", async () => {
    const later = now + 10 * minute;
    await evaluator.write(declare("burst", "slo_availability=0.995", later));
    await evaluator.database.client.write(
      requests("burst", every(now, later, minute), 10, () => 0),
      "minutely",
    );
    assert.ok(!(await evaluator.evaluate("ErrorBudgetBurnsFast", later)).has("burst"));
  });

  it("at low traffic: no alert of single errors, and none is missed because a short window is empty", async () => {
    const names = ["all-fail", "one-fails", "repaired", "nobody"];
    await evaluator.write(names.flatMap((service) => declare(service, "slo_availability=0.995")));
    // Six requests an hour, the last seven minutes ago.
    const few = every(now - 57 * minute, now - 5 * minute, 10 * minute);
    await evaluator.database.client.write(
      [
        ...requests("all-fail", few, 1, () => 1),
        ...requests("one-fails", few, 1, (time) => (time === few.at(-1) ? 1 : 0)),
        ...requests("repaired", every(now - 59 * minute, now - 53 * minute, minute), 1, () => 1),
        ...requests("repaired", every(now - 25 * minute, now, minute), 1, () => 0),
      ],
      "minutely",
    );
    await evaluator.evaluate("ErrorBudgetBurnsFast");
    assert.deepEqual(
      posted().filter((text) => names.includes(text.split(" ")[0] ?? "")),
      ["all-fail availability: 200 in 6 h"],
    );
  });

  it("latency: requests above the objective's seconds are counted from the histograms", async () => {
    const names = ["slow", "slower", "quick"];
    await evaluator.write(
      names.flatMap((service) => declare(service, "slo_latency_p=0.95,slo_latency_seconds=0.3")),
    );
    const minutes = every(now - 6 * hour, now, minute);
    await evaluator.database.client.write(
      [
        // 35 of 100: 7 times; 3 of 100: 0.6 times.
        ...durations("slow", minutes, 35),
        ...durations("quick", minutes, 3),
        // 50 of 100 for 6 h are 10 times, with 80 % they would be 16.
        ...durations("slower", minutes, 50),
      ],
      "minutely",
    );
    await evaluator.evaluate("ErrorBudgetBurnsFast");
    assert.deepEqual(
      posted().filter((text) => names.includes(text.split(" ")[0] ?? "")),
      ["slow latency: 7 in 6 h", "slower latency: 10 in 6 h"],
    );
  });

  it("ErrorBudgetBurnsSlowly: faster than it lasts, over three days and six hours", async () => {
    const names = ["leaks", "keeps", "leaked"];
    await evaluator.write(names.flatMap((service) => declare(service, "slo_availability=0.995")));
    const hours = every(Math.floor((now - 3 * day) / hour) * hour, now - 2 * hour, hour).filter(
      (time) => time < Math.floor((now - 2 * hour) / hour) * hour,
    );
    const minutes = every(now - 6 * hour, now, minute);
    await evaluator.database.client.write(
      [
        ...requests("leaks", hours, 6000, () => 60),
        ...requests("keeps", hours, 6000, () => 24),
        ...requests("leaked", hours, 6000, () => 60),
      ],
      "hourly",
    );
    await evaluator.database.client.write(
      [
        ...requests("leaks", minutes, 100, () => 1),
        ...requests("keeps", minutes, 100, (time) => ((time / minute) % 5 < 2 ? 1 : 0)),
        ...requests("leaked", minutes, 100, () => 0),
      ],
      "minutely",
    );
    const alerts = await evaluator.evaluate("ErrorBudgetBurnsSlowly");
    // steady-2 of the first test: its six hours are all there is of three days.
    assert.deepEqual(
      services(alerts).filter((service) => names.includes(service)),
      ["leaks"],
    );
    assert.match(
      alerts.get("leaks")?.annotations.description ?? "",
      /In the last 3 d, 2 times as many requests/,
    );
  });

  it("writes what is left of 30 days, each request counted once", async () => {
    const rolledUp = Math.floor((now - 2 * hour) / hour) * hour;
    const hours = every(Math.floor((now - 30 * day) / hour) * hour, rolledUp, hour);
    const minutes = every(rolledUp - 5 * hour, now, minute);
    const objectives = "slo_availability=0.995,slo_latency_p=0.9,slo_latency_seconds=0.3";
    await evaluator.write(declare("month", objectives));
    await evaluator.database.client.write(
      requests("month", hours, 600, () => 2),
      "hourly",
    );
    await evaluator.database.client.write(
      [...requests("month", minutes, 10, () => 1), ...durations("month", minutes, 5)],
      "minutely",
    );
    await evaluator.database.client.flux(errorBudgetTask().flux, new Date(now));
    const rows = await evaluator.database.client.influxql(
      `SELECT "left" FROM "minutely"."slo.error_budget" WHERE "service" = 'month' GROUP BY "slo"`,
    );
    const left = Object.fromEntries(rows.map((row) => [String(row["slo"]), Number(row["left"])]));
    const recent = (now - rolledUp) / minute;
    const share = (2 * hours.length + recent) / (600 * hours.length + 10 * recent);
    assert.ok(Math.abs((left["availability"] ?? NaN) - (1 - share / 0.005)) < 1e-9, JSON.stringify(left));
    // 5 of 100 are slow, 10 may be.
    assert.ok(Math.abs((left["latency"] ?? NaN) - 0.5) < 1e-9, JSON.stringify(left));
  });
});
