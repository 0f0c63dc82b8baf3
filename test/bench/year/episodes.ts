import { berlin, day, minute } from "./calendar";

/** What is the case: of the API, of its logs and of Telegraf. */
export interface Situation {
  /** Pods of three that are ready. */
  ready: number;
  /** Share of the requests that end in a server error. */
  errors: number;
  slow?: boolean;
  logsLost?: boolean;
  /** Telegraf writes nothing. */
  silent?: boolean;
  /** Memory in use by its limit. */
  memory?: number;
  /** Restarts of the first pod's container. */
  restarts?: number;
}

/** What the Kubernetes API says is wrong, from a time until another. */
interface Problem {
  kind: string;
  name: string;
  reason: string;
  service: string;
  namespace?: string;
  message?: string;
  since: number;
  until: number;
  /**
   * When it is first said.
   * @default since
   */
  visibleFrom?: number;
}

/** A part of the year in which each rule is evaluated minute by minute. */
export interface Episode {
  title: string;
  from: number;
  until: number;
  during?: readonly (Partial<Situation> & { from: number; until: number })[];
  problems?: readonly Problem[];
  /** Events of runs, as line protocol. */
  lines?: readonly string[];
  /** The subjects of its mails in their order, and what whoever gets them says of each. */
  mails?: readonly (readonly [subject: string, verdict: string])[];
}

/** When the app was deployed for the first time. */
export const firstDeployed = berlin("2025-01-02 10:00");

/** Each other Tuesday at ten o'clock a new version is deployed. */
const firstDeployment = berlin("2025-01-14 10:00");
const deployments = Array.from({ length: 26 }, (_, index) => {
  const utc = firstDeployment + index * 14 * day;
  return berlin(new Date(utc).toISOString().slice(0, 10) + " 10:00");
});

/** Version of the model that answers at a time. */
export const versionAt = (time: number): number => 1 + deployments.filter((at) => at <= time).length;

const event = (kind: string, time: number, id: string, fields: string, tags = ""): string =>
  `pipeline.run.${kind},service=churn-training,environment=prod,pipeline=churn-training${tags} cicd.pipeline.run.id="${id}",${fields} ${time}000000`;
const started = (time: number, id: string): string =>
  event("start", time, id, "expected_max_s=7200,max_attempts=2");
const ended = (time: number, id: string, result: string, seconds = 2400): string =>
  event("end", time, id, `duration_s=${seconds}`, `,result=${result}`);

const training = (date: string): string => `churn-training-${date.replaceAll("-", "")}`;
const mondays = Array.from({ length: 52 }, (_, index) =>
  new Date(Date.parse("2025-01-06T00:00:00Z") + index * 7 * day).toISOString().slice(0, 10),
);
/** Mondays whose training is told by an episode. */
const special = ["2025-02-10", "2025-03-17", "2025-06-16", "2025-09-08"];

/** The trainings of the other Mondays, from four o'clock on: forty minutes, and they succeed. */
export const plainTrainings = mondays
  .filter((date) => !special.includes(date))
  .flatMap((date) => {
    const at = berlin(`${date} 04:00`);
    return [started(at, training(date)), ended(at + 40 * minute, training(date), "success")];
  });

const pod = (name: string, reason: string, since: number, until: number, service = "churn"): Problem => ({
  ...{ kind: "Pod", name, reason, service, since, until },
});

/** A roll-out whose pod is not ready, and which Kubernetes gives up after ten minutes; it is mended after 40. */
const stuckRollOut = (podName: string, reason: string, at: number): Problem[] => [
  pod(podName, reason, at, at + 40 * minute),
  {
    ...{ kind: "Deployment", name: "churn", reason: "ProgressDeadlineExceeded", service: "churn" },
    since: at + 10 * minute,
    until: at + 40 * minute,
  },
];

/** No pod of a version is ready, from a time until another. */
const noPodReady = (
  version: number,
  from: number,
  until: number,
): Pick<Episode, "during" | "problems" | "mails"> => ({
  during: [{ from, until, ready: 0 }],
  problems: [0, 1, 2].map((index) => pod(`churn-${version}-${index}`, "NotReady", from, until)),
  mails: [
    ["[CRITICAL] churn does not answer – prod", "right: users get errors"],
    ["[RESOLVED] churn does not answer – prod", "right"],
  ],
});

function episode(
  title: string,
  from: string,
  until: string,
  rest: Omit<Episode, "title" | "from" | "until"> = {},
): Episode {
  return { title, from: berlin(from), until: berlin(until), ...rest };
}

function failedRun(): Episode {
  const id = training("2025-02-10");
  const at = berlin("2025-02-10 04:00");
  const rerun = berlin("2025-02-10 09:30");
  const again = `${id}-again`;
  return episode(
    "The Monday run fails in both attempts; at 9:30 somebody starts it anew",
    "2025-02-10 03:55",
    "2025-02-10 10:30",
    {
      lines: [
        started(at, id),
        ended(at + 10 * minute, id, "failure", 600),
        started(at + 11 * minute, id),
        ended(at + 21 * minute, id, "failure", 600),
        started(rerun, again),
        ended(rerun + 40 * minute, again, "success"),
      ],
      problems: [
        {
          ...{ kind: "Job", name: id, reason: "JobFailed", service: "churn-training" },
          since: at + 21 * minute + 8000,
          until: rerun + 40 * minute + 20_000,
        },
      ],
      mails: [
        [
          "[CRITICAL] Run churn-training-20250210 of churn-training failed – prod",
          "right: nobody else trains the model",
        ],
        ["[RESOLVED] Run churn-training-20250210 of churn-training failed – prod", "right"],
      ],
    },
  );
}

function retriedRun(): Episode {
  const id = training("2025-03-17");
  const at = berlin("2025-03-17 04:00");
  return episode(
    "The Monday run fails, and succeeds when it is tried again",
    "2025-03-17 03:55",
    "2025-03-17 05:15",
    {
      lines: [
        started(at, id),
        ended(at + 10 * minute, id, "failure", 600),
        started(at + 12 * minute, id),
        ended(at + 52 * minute, id, "success"),
      ],
    },
  );
}

function killedRun(): Episode {
  const id = training("2025-06-16");
  const at = berlin("2025-06-16 04:00");
  const rerun = berlin("2025-06-16 13:00");
  const again = `${id}-again`;
  const of = { name: id, service: "churn-training", since: at + 31 * minute, until: rerun + 40 * minute };
  return episode(
    "The Monday run runs out of memory, twice, and can't say so; at 13:00 it is started anew with more",
    "2025-06-16 03:55",
    "2025-06-16 14:00",
    {
      lines: [
        started(at, id),
        started(at + 15 * minute, id),
        started(rerun, again),
        ended(rerun + 40 * minute, again, "success"),
      ],
      problems: [
        { ...of, kind: "Pod", name: `${id}-x2x4z`, reason: "OOMKilled", message: "train" },
        { ...of, kind: "Job", reason: "JobFailed", since: of.since + 10_000, until: of.until + 20_000 },
      ],
      mails: [
        [
          "[CRITICAL] Job churn-training-20250616 of churn-training failed – prod",
          "right: the run could not say so itself",
        ],
        ["[WARNING] churn-training: a container ran out of memory – prod", "right: it says why"],
        [
          "[NO LONGER REPORTED] Job churn-training-20250616 of churn-training failed – prod",
          "right: six hours later nobody has run it anew",
        ],
      ],
    },
  );
}

function missedRun(): Episode {
  const at = berlin("2025-09-08 04:00");
  const late = berlin("2025-09-08 08:00");
  const id = training("2025-09-08");
  return episode(
    "The cluster's controllers are being updated at 4:00: the Monday run begins at 8:00",
    "2025-09-08 03:55",
    "2025-09-08 08:50",
    {
      lines: [started(late, id), ended(late + 40 * minute, id, "success")],
      problems: [
        {
          ...{ kind: "CronJob", name: "churn-training", reason: "Missed", service: "churn-training" },
          ...{
            message: "no Job was made at its time",
            since: at,
            until: late,
            visibleFrom: at + 11 * minute,
          },
        },
      ],
      mails: [
        [
          "[CRITICAL] churn-training did not begin: 11.5 min late – prod",
          "right: eleven minutes late, so that a busy controller sends nothing",
        ],
        ["[RESOLVED] churn-training did not begin: 4 h late – prod", "right"],
      ],
    },
  );
}

function drained(): Episode {
  const at = berlin("2025-05-15 11:00");
  return episode(
    "A node is drained: its pods move, InfluxDB and Telegraf too",
    "2025-05-15 10:50",
    "2025-05-15 11:40",
    {
      during: [
        { from: at + minute, until: at + 2 * minute, ready: 2 },
        { from: at + 3 * minute, until: at + 5 * minute, silent: true },
      ],
      problems: [
        pod("churn-10-0", "Terminating", at + minute, at + 2 * minute),
        pod("influxdb-0", "NotReady", at + 2 * minute, at + 4 * minute, "influxdb"),
        pod("fluentd-aggregator-0", "NotReady", at + 5 * minute, at + 6 * minute, "fluentd-aggregator"),
      ],
    },
  );
}

const outageAt = berlin("2025-07-08 15:00");
const errorsAt = berlin("2025-08-21 11:00");
const slowAt = berlin("2025-04-09 14:00");
const lostAt = berlin("2025-11-12 09:00");
const silentAt = berlin("2025-02-22 07:00");
const crashAt = berlin("2025-09-23 10:00");
const stuckAt = berlin("2025-06-03 10:00");
const oomAt = berlin("2025-10-16 12:00");
const nightAt = berlin("2025-11-27 02:00");
const driftAt = berlin("2025-10-06 04:35");

/** What happens in the year, besides what each week brings. */
export const episodes: readonly Episode[] = [
  episode("The app is new: its first afternoon and evening", "2025-01-02 09:50", "2025-01-02 20:00"),
  ...[deployments[0], deployments[6], deployments[19]].map((at = 0, index) => ({
    title: `Deployment ${["of the second version", "after the clocks went forward", "in October"][index]}`,
    from: at - 5 * minute,
    until: at + 20 * minute,
    problems: [0, 1, 2].map((index) => {
      const begins = at + index * minute;
      return pod(`churn-${versionAt(at)}-${index}`, "NotReady", begins, begins + 50_000);
    }),
  })),
  failedRun(),
  episode(
    "Telegraf can't be pulled from its registry after a move: nothing is measured for half an hour",
    "2025-02-22 06:50",
    "2025-02-22 08:00",
    {
      during: [{ from: silentAt, until: silentAt + 30 * minute, silent: true }],
      mails: [
        ["[CRITICAL] No metrics of Telegraf for 5.5 min – prod", "right: most rules see nothing meanwhile"],
        ["[RESOLVED] No metrics of Telegraf for 30.5 min – prod", "right"],
      ],
    },
  ),
  retriedRun(),
  episode("The night in which the clocks go forward, and the Sunday", "2025-03-30 00:00", "2025-03-30 04:00"),
  episode("The first Monday morning after that", "2025-03-31 05:00", "2025-03-31 10:00"),
  episode(
    "A slow afternoon: 40 % of the requests take 2.5 s for 70 minutes",
    "2025-04-09 13:50",
    "2025-04-10 00:00",
    {
      during: [{ from: slowAt, until: slowAt + 70 * minute, slow: true }],
      mails: [
        ["[WARNING] churn is slow: p95 2.5 s – prod", "right"],
        ["[RESOLVED] churn is slow: p95 2.5 s – prod", "right"],
      ],
    },
  ),
  episode("Good Friday: nobody works", "2025-04-18 06:30", "2025-04-18 12:00"),
  drained(),
  episode(
    "A new version can't be pulled: its tag is wrong, and is mended after 40 minutes",
    "2025-06-03 09:50",
    "2025-06-03 11:10",
    {
      problems: stuckRollOut("churn-12-0", "ImagePullBackOff", stuckAt),
      mails: [
        [
          "[CRITICAL] churn: a pod cannot start: ImagePullBackOff – prod",
          "right; the old version answers, so a warning would do",
        ],
        ["[RESOLVED] churn: a pod cannot start: ImagePullBackOff – prod", "right"],
      ],
    },
  ),
  killedRun(),
  episode(
    "The API's database is away for ten minutes: no pod is ready",
    "2025-07-08 14:50",
    "2025-07-08 15:40",
    noPodReady(14, outageAt, outageAt + 10 * minute),
  ),
  episode(
    "A third of the requests fails for 25 minutes: a feature store times out",
    "2025-08-21 10:50",
    "2025-08-21 20:00",
    {
      during: [{ from: errorsAt, until: errorsAt + 25 * minute, errors: 0.3 }],
      mails: [
        ["[CRITICAL] churn: 28 % of the requests fail – prod", "right: users get errors"],
        [
          "[WARNING] churn: the error budget (availability) will not last – prod",
          "right: a tenth of the month is gone; nobody is woken",
        ],
        ["[RESOLVED] churn: 11.4 % of the requests fail – prod", "right"],
        ["[RESOLVED] churn: the error budget (availability) will not last – prod", "right"],
      ],
    },
  ),
  missedRun(),
  episode(
    "A new version crashes when it starts; the former one is deployed again after 40 minutes",
    "2025-09-23 09:50",
    "2025-09-23 12:20",
    {
      during: [1, 2, 4, 7, 13, 19, 25, 31].map((after, index, all) => ({
        from: crashAt + after * minute,
        until: crashAt + (all[index + 1] ?? 40) * minute,
        restarts: index + 1,
      })),
      problems: stuckRollOut("churn-20-0", "NotReady", crashAt),
      mails: [
        [
          "[WARNING] churn: api has restarted 3 times – prod",
          "right: the old version answers; the stuck roll-out and the pod that is not ready follow from it",
        ],
        ["[RESOLVED] churn: api has restarted 8 times – prod", "right: an hour after the last restart"],
      ],
    },
  ),
  episode("The Monday run finds two features drifted", "2025-10-06 03:55", "2025-10-06 11:30", {
    lines: ["tenure", "charges"].map(
      (feature) =>
        `ml.drift,service=churn-training,environment=prod,pipeline=churn-training,feature=${feature},comparison=new_vs_old,verdict=drift psi=0.3,cicd.pipeline.run.id="${training("2025-10-06")}" ${driftAt}000000`,
    ),
    mails: [
      [
        "[WARNING] churn-training: the data has drifted in 2 comparisons – prod",
        "right: the new model may not fit",
      ],
    ],
  }),
  episode(
    "One pod of the API runs out of memory, and is started again",
    "2025-10-16 11:45",
    "2025-10-16 13:30",
    {
      during: [
        { from: oomAt - 90_000, until: oomAt, memory: 0.97 },
        { from: oomAt, until: oomAt + 20_000, ready: 2 },
        { from: oomAt, until: berlin("2025-10-28 10:00"), restarts: 1 },
      ],
      problems: [pod("churn-21-0", "OOMKilled", oomAt, oomAt + 90 * minute)],
      mails: [
        [
          "[WARNING] churn: a container ran out of memory – prod",
          "right: one of three pods; nobody is woken by a warning",
        ],
      ],
    },
  ),
  episode("The night in which the clocks go back", "2025-10-26 00:00", "2025-10-26 05:00"),
  episode("The first Monday morning after that", "2025-10-27 05:00", "2025-10-27 10:00"),
  episode(
    "The app's sidecars can't reach the aggregator for three hours; the API works",
    "2025-11-12 08:50",
    "2025-11-12 13:00",
    {
      during: [{ from: lostAt, until: lostAt + 180 * minute, logsLost: true }],
      mails: [
        [
          "[WARNING] churn has logged nothing for 30.1 min – prod",
          "right: half an hour of silence at nine in the morning",
        ],
        ["[RESOLVED] churn has logged nothing for 3 h – prod", "right"],
      ],
    },
  ),
  episode(
    "A wrong secret: no pod is ready for 35 minutes in the night",
    "2025-11-27 01:50",
    "2025-11-27 03:20",
    noPodReady(23, nightAt, nightAt + 35 * minute),
  ),
  episode("Between the years: a tenth of the usual requests", "2025-12-24 06:00", "2025-12-24 23:00"),
];
