import { alertTask } from "../../../components/alerts/alertTasks";
import type { AlertRule } from "../../../components/alerts/rule";
import { alertRules } from "../../../components/alerts/rules";
import { influxDesiredState } from "../../../components/influxdb/desiredState";
import { measurements } from "../../../contract/measurements";
import { links } from "../../dataplane/support/mailingAlertmanager";
import {
  type PostedAlert,
  type RuleEvaluator,
  startRuleEvaluator,
} from "../../dataplane/support/ruleEvaluator";
import { berlin, day, hour, minute } from "./calendar";
import { type Episode, episodes, plainTrainings, type Situation } from "./episodes";
import { pointsOf, rollupsOf, slowSamples } from "./points";

const year = { from: berlin("2025-01-01 00:00"), until: berlin("2026-01-01 00:00") } as const;

/** Times of day (UTC) at which rules are evaluated on days on which nothing happens, in turn. */
const looks = [2.5, 8.5, 14].map((clock) => clock * hour);

const rules = alertRules();

/** What the rules look back at, of raw events and of samples. */
const lookBack = 12 * minute;

/** How many rules are evaluated at a time. */
const parallel = 3;

/** What the rules of the year's evaluations posted, without what was posted again. */
export interface Evaluated {
  /** By episode. */
  posted: Map<Episode, PostedAlert[]>;
  /** On days on which nothing happened. */
  others: PostedAlert[];
  evaluations: number;
}

/**
 * Evaluates each rule, as its task does, over the year: minute by minute in the episodes, else at {@link looks}. InfluxDB
 * holds at each time what it would hold then.
 */
export async function evaluateYear(chosen: readonly Episode[], quietDays: boolean): Promise<Evaluated> {
  const evaluator = await startRuleEvaluator();
  try {
    const retentionDays = { events: 1500, minutely: 1500, hourly: 1500, daily: 1500, weekly: 1500 };
    await evaluator.database.reconcile({ ...influxDesiredState({ retentionDays }), tasks: [] });
    const arrival = new Arrival(evaluator);
    const evaluated: Evaluated = { posted: new Map(), others: [], evaluations: 0 };
    for (const { times, episode } of parts(chosen, quietDays)) {
      const fired = new Set<string>();
      for (const time of times) {
        if (time === times[0]) await arrival.until(time);
        const due = dueAt(time, arrival, episode, fired);
        if (due.length === 0) continue;
        await arrival.until(time);
        const before = evaluator.catcher.posted.length;
        await evaluate(evaluator, due, time);
        evaluated.evaluations += due.length;
        for (const { name } of due) fired.delete(name);
        for (const { labels, startsAt } of evaluator.catcher.posted.slice(before))
          if (Date.parse(startsAt) === time) fired.add(labels.alertname ?? "");
      }
      const posted = unique(evaluator.catcher.posted.splice(0), times);
      if (episode === undefined) evaluated.others.push(...posted);
      else evaluated.posted.set(episode, posted);
    }
    return evaluated;
  } finally {
    await evaluator.stop();
  }
}

/** When the rules are evaluated, in the order of the times. */
function parts(chosen: readonly Episode[], quietDays: boolean): { times: number[]; episode?: Episode }[] {
  const quiet = Array.from(
    { length: (year.until - year.from) / day },
    (_, index) => year.from + hour + index * day,
  )
    .map((midnight, index) => midnight + (looks[index % looks.length] ?? 0))
    .filter((time) => !episodes.some(({ from, until }) => time >= from - hour && time < until + hour));
  const dense = chosen.map((episode) => ({
    episode,
    times: Array.from(
      { length: (episode.until - episode.from) / minute },
      (_, index) => episode.from + index * minute,
    ),
  }));
  const all = [...dense, ...(quietDays ? quiet.map((time) => ({ times: [time] })) : [])];
  return all.sort((one, other) => (one.times[0] ?? 0) - (other.times[0] ?? 0));
}

/** Writes what has happened and arrived until a time. */
class Arrival {
  /** Measurements that hold anything. */
  readonly written = new Set<string>();
  private readonly reached = { raw: year.from, minutely: year.from, hourly: year.from, slow: year.from };
  private readonly events = [...plainTrainings, ...episodes.flatMap(({ lines = [] }) => lines)]
    .map((line) => ({ line, time: timeOf(line) }))
    .sort((one, other) => one.time - other.time);

  constructor(private readonly evaluator: RuleEvaluator) {}

  async until(time: number): Promise<void> {
    const { reached } = this;
    const raw = pointsOf(Math.max(reached.raw, time - lookBack), time);
    reached.raw = time;
    for (; reached.slow <= time; reached.slow += 10 * minute) raw.push(...slowSamples(reached.slow));
    while (this.events[0] !== undefined && this.events[0].time < time)
      raw.push(this.events.shift()?.line ?? "");
    for (const line of raw) this.written.add(line.slice(0, line.indexOf(",")));
    await this.evaluator.write(raw);
    for (const [bucket, window] of [
      ["minutely", minute],
      ["hourly", hour],
    ] as const) {
      const until = Math.floor((time - minute) / window) * window;
      if (until <= reached[bucket]) continue;
      // Minutes of longer ago nobody looks at.
      const from = window === minute ? Math.max(reached[bucket], until - 2 * day) : reached[bucket];
      await this.evaluator.database.client.write(rollupsOf(from, until, window), bucket);
      reached[bucket] = until;
    }
  }
}

/** The rules that look at a part of the situation. */
const touched: Record<keyof Situation, readonly string[]> = {
  ready: ["ApiUnreachable", "LogsStalled", "ApiErrorRateHigh"],
  errors: ["ApiErrorRateHigh", "ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly"],
  slow: ["ApiLatencyHigh", "ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly"],
  logsLost: ["LogsStalled", "ApiErrorRateHigh", "ErrorBudgetBurnsFast"],
  silent: ["MetricsMissing", "ApiUnreachable", "LogsStalled"],
  memory: ["MemoryNearLimit"],
  restarts: ["ContainerRestarting"],
};
const ofRuns = rules.filter(({ routing }) => routing === "run").map(({ name }) => name);
/** On days on which nothing happens, these each day, and the others on Wednesdays. */
const always = ["LogsStalled", "ApiErrorRateHigh", "ApiLatencyHigh"];

/**
 * The rules that are evaluated at a time. In an episode: each minute those that look at what changes then, each five minutes
 * those that fire and those that they inhibit, each hour all. Rules whose measurements hold nothing are left out.
 */
function dueAt(
  time: number,
  { written }: Arrival,
  episode: Episode | undefined,
  fired: ReadonlySet<string>,
): AlertRule[] {
  const changes = episode === undefined ? new Set(always) : changedAt(episode, time);
  const all = episode === undefined ? new Date(time).getUTCDay() === 3 : time % hour === 0;
  return rules.filter((rule) => {
    if (rule.name === "Watchdog") return false;
    const fires =
      time % (5 * minute) === 0 && [rule.name, ...rule.inhibitedBy].some((name) => fired.has(name));
    if (!all && !fires && !changes.has(rule.name)) return false;
    if (episode !== undefined && time % (1000 * Math.max(60, rule.everySeconds)) !== 0) return false;
    const kind = kindOf(rule);
    if (kind !== undefined) return episode?.problems?.some((problem) => problem.kind === kind) ?? false;
    return reads(rule).some((measurement) => written.has(measurement));
  });
}

const kindOf = ({ query }: AlertRule): string | undefined => /r\.kind == "(\w+)" and/.exec(query)?.[1];

/** Names of the rules that look at what changes about now. */
function changedAt({ during = [], problems = [], lines = [] }: Episode, time: number): ReadonlySet<string> {
  const isNear = (after: number, changes: readonly number[]) =>
    changes.some((change) => time >= change - minute && time < change + after);
  return new Set([
    ...during
      .filter(({ from, until }) => isNear(45 * minute, [from, until]))
      .flatMap((change) => (Object.keys(touched) as (keyof Situation)[]).filter((key) => key in change))
      .flatMap((key) => touched[key]),
    ...problems
      .filter(({ since, until, visibleFrom = since }) =>
        isNear(4 * minute, [visibleFrom, ...[5, 15, 60, 360].map((after) => since + after * minute), until]),
      )
      .flatMap(({ kind }) => rules.filter((rule) => kindOf(rule) === kind).map(({ name }) => name)),
    ...(isNear(
      4 * minute,
      lines.map(timeOf).flatMap((at) => [at, at + 2 * hour, at + 6 * hour]),
    )
      ? ofRuns
      : []),
  ]);
}

const timeOf = (line: string): number => Number(line.slice(line.lastIndexOf(" ") + 1, -6));

async function evaluate(
  { database, catcher }: RuleEvaluator,
  due: readonly AlertRule[],
  time: number,
): Promise<void> {
  const waiting = [...due];
  const work = async (): Promise<void> => {
    for (let rule = waiting.pop(); rule !== undefined; rule = waiting.pop())
      await database.client.flux(
        alertTask(rule, { alertmanagerUrls: [catcher.url], ...links }).flux,
        new Date(time),
      );
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

function reads({ query }: AlertRule): string[] {
  return Object.values(measurements).filter((measurement) => query.includes(JSON.stringify(measurement)));
}

/** Each alert as it was posted first at each evaluation; what still fires at the next one fires until then. */
function unique(posted: readonly PostedAlert[], times: readonly number[]): PostedAlert[] {
  const evaluations = new Set(times);
  const series = new Map<string, Map<number, PostedAlert>>();
  for (const alert of posted) {
    const at = Date.parse(alert.startsAt);
    const key = JSON.stringify(alert.labels);
    const found = series.get(key) ?? new Map<number, PostedAlert>();
    if (evaluations.has(at)) series.set(key, found.set(at, alert));
  }
  const all = [...series.values()].flatMap((alerts) => {
    const inOrder = [...alerts].sort(([one], [other]) => one - other);
    return inOrder.map(([at, alert], index) => {
      const [next = 0, following] = inOrder[index + 1] ?? [];
      return following !== undefined && next <= at + 5 * minute
        ? { ...alert, endsAt: following.endsAt }
        : alert;
    });
  });
  return all.sort((one, other) => Date.parse(one.startsAt) - Date.parse(other.startsAt));
}
