import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hour, minute, now, type PostedAlert, services, useRuleEvaluator } from "./support/ruleEvaluator";

describe("alerts about runs in a real InfluxDB", () => {
  const evaluator = useRuleEvaluator();
  const { evaluate, write } = evaluator;
  /** `service run` of each alert that a rule posts. */
  const runsIn = async (rule: string, at = now): Promise<string[]> => {
    await evaluate(rule, at);
    return evaluator.catcher.posted.map(({ labels }) => `${labels.service} ${labels.run}`).sort();
  };

  const run = (
    event: string,
    service: string,
    time: number,
    id: string,
    more: { tags?: string; fields?: string } = {},
  ) =>
    `pipeline.run.${event},service=${service},environment=test,pipeline=${service}${more.tags ?? ""} cicd.pipeline.run.id="${id}"${more.fields ?? ""} ${time}000000`;

  const failed = { tags: ",result=failure" };
  const succeeded = { tags: ",result=success" };

  it("TrainingRunFailed: until a run that began later succeeds", async () => {
    await write([
      run("end", "fails", now - 30 * minute, "run-1", succeeded),
      run("end", "fails", now - 10 * minute, 'run "2"', failed),
      run("end", "recovers", now - 30 * minute, "run-1", { tags: ",result=error" }),
      run("end", "recovers", now - 10 * minute, "run-2", succeeded),
      run("end", "long-ago", now - 7 * hour, "run-1", failed),
      run("end", "times-out", now - 5 * minute, "run-9", { tags: ",result=timeout" }),
      // Two at a time: b began before a failed, so its success says nothing of a.
      run("start", "parallel", now - 30 * minute, "a"),
      run("start", "parallel", now - 29 * minute, "b"),
      run("end", "parallel", now - 20 * minute, "a", failed),
      run("end", "parallel", now - 10 * minute, "b", succeeded),
      // The end says when it began, where the start was lost.
      run("end", "parallel-no-start", now - 20 * minute, "a", failed),
      run("end", "parallel-no-start", now - 10 * minute, "b", {
        ...succeeded,
        fields: ",duration_s=1200",
      }),
      run("end", "both-fail", now - 20 * minute, "a", failed),
      run("end", "both-fail", now - 10 * minute, "b", failed),
    ]);
    assert.deepEqual(await runsIn("TrainingRunFailed"), [
      "both-fail a",
      "both-fail b",
      'fails run "2"',
      "parallel a",
      "parallel-no-start a",
      "times-out run-9",
    ]);
    const alert = evaluator.catcher.posted.find(({ labels }) => labels.service === "fails") as PostedAlert;
    assert.equal(alert.annotations.summary, 'Run run "2" of fails failed');
    assert.match(alert.annotations.dashboard_url ?? "", /var-runId=run%20%222%22$/);
  });

  it("TrainingRunFailed: a run that is tried again has failed with its last attempt", async () => {
    const attempts = { fields: ",max_attempts=3,expected_max_s=3600" };
    const attempt = (service: string, at: number, result: object): string[] => [
      run("start", service, at, "run", attempts),
      run("end", service, at + minute, "run", result),
    ];
    await write([
      ...attempt("first-of-three", now - 5 * minute, failed),
      run("start", "tried-again", now - 9 * minute, "run", attempts),
      run("end", "tried-again", now - 8 * minute, "run", failed),
      run("start", "tried-again", now - 7 * minute, "run", attempts),
      ...attempt("second-succeeds", now - 9 * minute, failed),
      ...attempt("second-succeeds", now - 5 * minute, succeeded),
      ...[12, 9, 5].flatMap((before) => attempt("third-fails", now - before * minute, failed)),
      // Its Job was deleted, or its deadline passed: nobody tries again.
      ...attempt("given-up", now - 15 * minute, failed),
    ]);
    const posted = (await runsIn("TrainingRunFailed")).filter((alert) => alert.endsWith(" run"));
    assert.deepEqual(posted, ["given-up run", "third-fails run"]);
  });

  it("TrainingRunFailed: after six hours it is no longer reported, and does not claim to be over", async () => {
    await write([run("end", "nobody-cares", now - 6 * hour + 2 * minute, "r", failed)]);
    const alertAt = async (at: number) => (await evaluate("TrainingRunFailed", at)).get("nobody-cares");
    const before = await alertAt(now);
    assert.equal(before?.annotations.expired, "");
    assert.equal(Date.parse(before?.endsAt ?? ""), now + 2 * minute);
    const at = now + 4 * minute;
    const after = await alertAt(at);
    assert.match(after?.annotations.expired ?? "", /reported for 6 hours, and is not known to be over/);
    assert.equal(Date.parse(after?.endsAt ?? ""), at, "it ends at once");
    assert.equal(await alertAt(now + 8 * minute), undefined);
  });

  it("PipelineRunOverdue: a start without an end, of the last attempt", async () => {
    const expected = { fields: ",expected_max_s=3600" };
    await write([
      run("start", "killed", now - 2 * hour, "k-1", expected),
      run("start", "running", now - 30 * minute, "r-1", expected),
      run("start", "finished", now - 2 * hour, "f-1", expected),
      run("end", "finished", now - hour, "f-1", succeeded),
      run("start", "no-expectation", now - 7 * hour, "n-1"),
      run("start", "history", now - 30 * hour, "h-1", expected),
      // Killed, and tried again.
      run("start", "retried", now - 4 * hour, "t-1", expected),
      run("start", "retried", now - 2 * hour, "t-1", expected),
      run("start", "retried-in-time", now - 4 * hour, "t-1", expected),
      run("start", "retried-in-time", now - 30 * minute, "t-1", expected),
      run("start", "replaced", now - 4 * hour, "old", expected),
      run("start", "replaced", now - 2 * hour, "new", expected),
      run("end", "replaced", now - 90 * minute, "new", succeeded),
      // Beside one that succeeded.
      run("start", "beside", now - 2 * hour, "lost", expected),
      run("start", "beside", now - 2 * hour + minute, "good", expected),
      run("end", "beside", now - 90 * minute, "good", succeeded),
    ]);
    assert.deepEqual(await runsIn("PipelineRunOverdue"), [
      "beside lost",
      "killed k-1",
      "no-expectation n-1",
      "retried t-1",
    ]);
    const alert = evaluator.catcher.posted.find(({ labels }) => labels.service === "killed") as PostedAlert;
    assert.equal(alert.annotations.summary, "Run k-1 of killed has not ended: 60 min overdue");
  });

  it("of one run, nothing that a rule inhibits begins for a day", async () => {
    const at = now - 20 * minute;
    await write([
      ...["given-up", "lost"].map((id) =>
        run("start", "killed-job", at - 2 * hour, id, { fields: ",expected_max_s=3600" }),
      ),
      `kubernetes_problem,service=killed-job,environment=test,kind=Job,namespace=n,name=given-up,reason=JobFailed seconds=60,message="why" ${at - 1000}000000`,
    ]);
    await evaluate("JobFailed", at);
    assert.deepEqual(
      (await runsIn("PipelineRunOverdue", at + 10 * minute)).filter((one) => one.startsWith("killed-job")),
      ["killed-job lost"],
    );
  });

  it("DataDriftDetected: features of the last run", async () => {
    const drift = (service: string, id: string, time: number, feature: string, verdict: string): string =>
      `ml.drift,service=${service},environment=test,pipeline=${service},feature=${feature},comparison=new_vs_old,verdict=${verdict} psi=0.3,cicd.pipeline.run.id="${id}" ${time}000000`;
    await write([
      drift("drifts", "d-1", now - 20 * minute, "a", "none"),
      drift("drifts", "d-2", now - 10 * minute, "a", "drift"),
      drift("drifts", "d-2", now - 10 * minute, "b", "drift"),
      drift("drifts", "d-2", now - 10 * minute, "c", "warn"),
      drift("better", "b-1", now - 20 * minute, "a", "drift"),
      drift("better", "b-2", now - 10 * minute, "a", "none"),
      // Two at a time: neither says anything of the other's data.
      run("start", "beside", now - 30 * minute, "e-1"),
      run("start", "beside", now - 29 * minute, "e-2"),
      drift("beside", "e-1", now - 20 * minute, "a", "drift"),
      drift("beside", "e-2", now - 10 * minute, "a", "none"),
    ]);
    const alerts = await evaluate("DataDriftDetected");
    assert.deepEqual(services(alerts), ["beside", "drifts"]);
    assert.equal(alerts.get("beside")?.labels.run, "e-1");
    assert.equal(alerts.get("drifts")?.annotations.summary, "drifts: the data has drifted in 2 comparisons");
    assert.equal(alerts.get("drifts")?.labels.run, "d-2");
    const tolerant = { apps: [{ service: "drifts", driftedFeatures: 2 }] };
    assert.deepEqual(services(await evaluate("DataDriftDetected", now, tolerant)), ["beside"]);
  });

  it("ProductionDriftDetected: what an API serves, in the last comparison", async () => {
    const drift = (
      service: string,
      id: string,
      comparison: string,
      feature: string,
      verdict: string,
    ): string =>
      `ml.drift,service=${service},environment=test,pipeline=check,feature=${feature},comparison=${comparison},verdict=${verdict} psi=0.3,cicd.pipeline.run.id="${id}" ${now - (id === "p-1" ? 20 : 10) * minute}000000`;
    await write([
      drift("api", "p-1", "production_vs_training", "a", "none"),
      drift("api", "p-2", "production_vs_training", "a", "drift"),
      drift("api", "p-2", "production_vs_training", "b", "warn"),
      drift("api-better", "p-1", "production_vs_training", "a", "drift"),
      drift("api-better", "p-2", "production_vs_training", "a", "none"),
      drift("trains", "p-2", "new_vs_old", "a", "drift"),
    ]);
    const alerts = await evaluate("ProductionDriftDetected");
    assert.deepEqual(services(alerts), ["api"]);
    const alert = alerts.get("api") as PostedAlert;
    assert.equal(alert.annotations.summary, "api: 1 of the features that it serves have drifted");
    assert.equal(
      alert.annotations.dashboard_url,
      "https://grafana.example.com/d/model-api-usage?var-service=api&var-environment=test",
    );
    const training = await evaluate("DataDriftDetected");
    assert.ok(training.has("trains") && !training.has("api"), "each comparison has one alert");
  });
});
