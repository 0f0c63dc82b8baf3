import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before } from "node:test";
import { alertTask } from "../../../components/alerts/alertTasks";
import { type AlertRulesOptions, alertRules } from "../../../components/alerts/rules";
import { influxDesiredState } from "../../../components/influxdb/desiredState";
import { startTestDatabase, type TestDatabase } from "./database";
import { links } from "./mailingAlertmanager";

/** Milliseconds. */
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** A whole minute, about now: the windows of the tasks end there. */
export const now = Math.floor(Date.now() / minute) * minute;

/** An alert as a task posts it. */
export interface PostedAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL: string;
}

/** Takes alerts as an Alertmanager does, and remembers them. */
async function startCatcher(): Promise<{
  url: string;
  posted: PostedAlert[];
  /** What was posted at an earlier time, and is posted again. */
  repeated: PostedAlert[];
  status: number;
  stop(): Promise<void>;
}> {
  const catcher = {
    url: "",
    posted: [] as PostedAlert[],
    repeated: [] as PostedAlert[],
    status: 200,
    stop: async () => {},
  };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      assert.equal(request.url, "/api/v2/alerts");
      assert.equal(request.headers["content-type"], "application/json");
      catcher.posted.push(...(JSON.parse(Buffer.concat(pieces).toString()) as PostedAlert[]));
      response.statusCode = catcher.status;
      response.end();
    });
  });
  // InfluxDB keeps connections: one that ends while it posts would fail the task.
  server.keepAliveTimeout = 10 * minute;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  catcher.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  catcher.stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return catcher;
}

/** Alert rules, evaluated at any time by a real InfluxDB. */
export interface RuleEvaluator {
  readonly database: TestDatabase;
  readonly catcher: Awaited<ReturnType<typeof startCatcher>>;
  /** Write points: line protocol with nanoseconds. */
  write(lines: string[]): Promise<void>;
  /**
   * What fires when a rule is evaluated at a time, by the label `service`; all of it is in `catcher.posted`. What the rule
   * posted at earlier times and posts again is in `catcher.repeated`.
   */
  evaluate(
    name: string,
    at?: number,
    options?: AlertRulesOptions,
    alertmanagerUrls?: string[],
  ): Promise<Map<string, PostedAlert>>;
  stop(): Promise<void>;
}

/** Start an InfluxDB whose tasks do not run by themselves, and something that takes what they post. */
export async function startRuleEvaluator(): Promise<RuleEvaluator> {
  const database = await startTestDatabase();
  const catcher = await startCatcher();
  await database.reconcile({ ...influxDesiredState(), tasks: [] });
  return {
    database,
    catcher,
    write: (lines) => database.client.write(lines),
    evaluate: async (name, at = now, options = {}, alertmanagerUrls = [catcher.url]) => {
      const rule = alertRules(options).find((candidate) => candidate.name === name);
      assert.ok(rule, `no rule ${name}`);
      catcher.posted.length = 0;
      await database.client
        .flux(alertTask(rule, { alertmanagerUrls, ...links }).flux, new Date(at))
        .finally(() => {
          const isNew = ({ startsAt }: PostedAlert): boolean => Date.parse(startsAt) === at;
          catcher.repeated = catcher.posted.filter((alert) => !isNew(alert));
          catcher.posted = catcher.posted.filter(isNew);
        });
      return new Map(catcher.posted.map((alert) => [alert.labels.service ?? "", alert]));
    },
    stop: async () => {
      await catcher.stop();
      await database.remove();
    },
  };
}

/** A {@link startRuleEvaluator} for the tests of a `describe`: started before them, stopped after them. */
export function useRuleEvaluator(): RuleEvaluator {
  let started: RuleEvaluator | undefined;
  const evaluator = (): RuleEvaluator => {
    assert.ok(started, "the evaluator has not been started");
    return started;
  };
  before(async () => {
    started = await startRuleEvaluator();
  });
  after(() => started?.stop());
  return {
    get database() {
      return evaluator().database;
    },
    get catcher() {
      return evaluator().catcher;
    },
    write: (lines) => evaluator().write(lines),
    evaluate: (...of) => evaluator().evaluate(...of),
    stop: () => evaluator().stop(),
  };
}

/** The services that alerts are about. */
export const services = (alerts: Map<string, PostedAlert>): string[] => [...alerts.keys()].sort();

/** Times from one on, up to another, in steps. */
export const every = (from: number, until: number, step: number): number[] =>
  Array.from({ length: Math.ceil((until - from) / step) }, (_, index) => from + index * step);
