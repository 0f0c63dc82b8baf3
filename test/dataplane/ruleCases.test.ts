import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alertRules } from "../../components/alerts/rules";
import { type Points, type RuleCase, ruleCases } from "./support/ruleCases";
import { hour, minute, now, useRuleEvaluator } from "./support/ruleEvaluator";
import { waitFor } from "./support/waitFor";

describe("each alert rule fires, does not fire, and ends, in a real InfluxDB", () => {
  const evaluator = useRuleEvaluator();

  const write = async (points: Points): Promise<void> => {
    for (const [bucket, lines] of Object.entries(points))
      await evaluator.database.client.write(lines, bucket);
  };
  /** Summaries of what a rule posts, by service; each rule's services carry its name. */
  const summaries = async (rule: string, at: number): Promise<(string | undefined)[]> => {
    const alerts = await evaluator.evaluate(rule, at);
    return ["wrong", "right"].map((service) =>
      alerts.get(`${rule}-${service}`)?.annotations.summary?.replaceAll(`${rule}-`, ""),
    );
  };
  const check = async (
    rule: string,
    { points, summary, over: [later, meanwhile] }: RuleCase,
  ): Promise<void> => {
    await write(points(`${rule}-wrong`, true));
    await write(points(`${rule}-right`, false));
    assert.deepEqual(await summaries(rule, now), [summary, undefined]);
    await write(meanwhile(`${rule}-wrong`));
    assert.deepEqual(await summaries(rule, now + later), [undefined, undefined], "it ends");
  };

  const special: Record<string, () => Promise<void>> = {
    TaskFailures: async () => {
      const { api } = evaluator.database;
      const { orgs } = await api.request<{ orgs: { id: string; name: string }[] }>({ path: "/api/v2/orgs" });
      const orgID = orgs.find(({ name }) => name === "ds-monitoring")?.id;
      const works = "array.from(rows: [{x: 1}])";
      const script = (name: string, body: string) =>
        `import "array"\noption task = {name: "${name}", every: 1s}\n${body}`;
      const task = (name: string, body: string) =>
        api.request<{ id: string }>({
          method: "POST",
          path: "/api/v2/tasks",
          body: { orgID, status: "active", flux: script(name, body) },
        });
      const change = (id: string, body: object) =>
        api.request({ method: "PATCH", path: `/api/v2/tasks/${id}`, body });
      const wrong = await task("rollup that fails", 'array.from(rows: [{x: die(msg: "on purpose")}])');
      const right = await task("rollup that works", works);
      const failing = async (at: number): Promise<(string | undefined)[]> => {
        await evaluator.evaluate("TaskFailures", at);
        return evaluator.catcher.posted.map(({ labels }) => labels.task);
      };
      const later = () => Date.now() + 6 * minute;
      await waitFor("the failure in the tasks' own bucket", 30_000, async () =>
        (await failing(later())).length > 0 ? true : undefined,
      );
      assert.deepEqual(await failing(later()), ["rollup that fails"]);
      assert.deepEqual(await failing(Date.now() + minute), [], "not for five minutes yet");
      await change(wrong.id, { flux: script("rollup that fails", works) });
      await waitFor("its end", 30_000, async () =>
        (await failing(later())).length === 0 ? true : undefined,
      );
      for (const { id } of [wrong, right]) await change(id, { status: "inactive" });
    },
    Watchdog: async () => {
      const at = now - 3 * hour;
      const firing = async (time: number) => [...(await evaluator.evaluate("Watchdog", time)).keys()];
      assert.deepEqual(await firing(at), ["monitoring"]);
      // It is held back, and so ends where it is watched, while messages can't be delivered.
      const { points } = ruleCases.NotificationsFailing as RuleCase;
      const shifted = points("alertmanager", true).events?.map((line) =>
        line.replace(/\d{19}$/, (time) => String(BigInt(time) + BigInt(at + 20 * minute - now) * 1_000_000n)),
      );
      await write({ events: shifted });
      assert.deepEqual(await firing(at + 20 * minute), []);
      assert.deepEqual(await firing(at + 40 * minute), ["monitoring"]);
    },
  };

  for (const { name } of alertRules()) {
    it(name, { timeout: 90_000 }, async () => {
      const own = ruleCases[name];
      if (own !== undefined) return check(name, own);
      assert.ok(special[name], `add the three cases of ${name} to test/dataplane/support/ruleCases.ts`);
      return special[name]();
    });
  }
});
