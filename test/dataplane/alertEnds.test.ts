import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { sleep } from "../../local/processes";
import { type MailingAlertmanager, startMailingAlertmanager } from "./support/mailingAlertmanager";
import { hour, minute, type RuleEvaluator, second, startRuleEvaluator } from "./support/ruleEvaluator";
import { waitFor } from "./support/waitFor";

let directory: string;
let evaluator: RuleEvaluator;
let alertmanager: MailingAlertmanager;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-alert-ends-"));
  evaluator = await startRuleEvaluator();
  alertmanager = await startMailingAlertmanager({ directory });
});
after(async () => {
  await alertmanager?.stop();
  await evaluator?.stop();
  await rm(directory, { recursive: true, force: true });
});

it(
  "mails the end of an alert once that ended while Alertmanager was away, and nothing about one that also began then, nor of an event's end",
  { timeout: 120_000 },
  async () => {
    const start = Date.now();
    const subjects = () => alertmanager.mails.map(({ subject }) => subject);
    const mail = (subject: string) =>
      waitFor(subject, 60_000, () => (subjects().includes(subject) ? true : undefined));
    /** The rule's task, which runs 110 s late: what it posts ends ten seconds after its post. */
    const evaluate = (at = Date.now() - 110 * second, rule = "TrainingRunFailed") =>
      evaluator.evaluate(rule, at, {}, [alertmanager.url]);
    const run = (service: string, id: string, at: number, result: string) =>
      evaluator.write([
        `pipeline.run.end,service=${service},environment=test,pipeline=${service},result=${result} cicd.pipeline.run.id="${id}" ${at}000000`,
      ]);

    await run("known", "run-1", start - 5 * minute, "failure");
    await run("goes-on", "run-1", start - 5 * minute, "failure");
    await run("expires", "run-1", start - 6 * hour - 100 * second, "failure");
    // Drift is not over when its six hours are: nobody needs to know that it is no longer reported.
    await evaluator.write([
      `ml.drift,service=drifts,environment=test,pipeline=drifts,feature=a,comparison=new_vs_old,verdict=drift psi=0.3,cicd.pipeline.run.id="run-1" ${start - 6 * hour - 100 * second}000000`,
    ]);
    await evaluate();
    await evaluate(undefined, "DataDriftDetected");
    await mail("[WARNING] drifts: the data has drifted in 1 comparisons – test");
    await mail("[CRITICAL] Run run-1 of expires failed – test");
    await mail("[CRITICAL] Run run-1 of known failed – test");
    await mail("[CRITICAL] Run run-1 of goes-on failed – test");

    await alertmanager.restart(async () => {
      await run("unknown", "run-2", start - 4 * minute, "failure");
      await assert.rejects(evaluate(), /posting TrainingRunFailed failed: .*refused/);
      await run("known", "run-3", start - 3 * minute, "success");
      await run("unknown", "run-3", start - 3 * minute, "success");
      await sleep(12 * second);
      await assert.rejects(evaluate(Date.now()), /refused/, "ended alerts are posted, too");
    });
    for (let evaluation = 0; evaluation < 3; evaluation++) {
      await evaluate(Date.now());
      await evaluate(Date.now(), "DataDriftDetected");
      // A group's first message waits for five seconds.
      await sleep(7 * second);
    }
    assert.deepEqual(subjects().sort(), [
      "[CRITICAL] Run run-1 of expires failed – test",
      "[CRITICAL] Run run-1 of goes-on failed – test",
      "[CRITICAL] Run run-1 of known failed – test",
      // Its six hours are over, and nobody knows whether it is.
      "[NO LONGER REPORTED] Run run-1 of expires failed – test",
      "[RESOLVED] Run run-1 of known failed – test",
      "[WARNING] drifts: the data has drifted in 1 comparisons – test",
    ]);
    const ofDrift = await fetch(`${alertmanager.url}/api/v2/alerts?filter=alertname="DataDriftDetected"`);
    assert.deepEqual(await ofDrift.json(), [], "it has ended there, too");
  },
);

it("posts an ended alert again until a quarter of an hour after its end", { timeout: 30_000 }, async () => {
  const at = Date.now() - 60 * minute;
  await evaluator.write(
    ["a", "b"].map((source) => `x509_cert,service=s,source=${source} expiry=86400i ${at - minute}000000`),
  );
  const posts: string[][] = [];
  // Its samples count for a quarter of an hour; evaluated each five minutes, it ends twenty after its last post.
  for (const later of [0, 16, 34, 36]) {
    await evaluator.evaluate("CertificateExpiring", at + later * minute);
    const { posted, repeated } = evaluator.catcher;
    posts.push(
      [...posted, ...repeated].map(({ labels, endsAt }) => `${labels.source} ${Date.parse(endsAt)}`),
    );
  }
  const ends = ["a", "b"].map((source) => `${source} ${at + 20 * minute}`);
  assert.deepEqual(
    posts.map((some) => some.sort()),
    [ends, ends, ends, []],
  );
});
