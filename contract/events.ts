import { type Attribute, type EventDefinition, duration, number, required, tag, text } from "./attributes";
import { measurements } from "./measurements";
import { driftComparisons, results, severities } from "./values";

/**
 * The log contract: what an application's log line can say, and what of it becomes a tag.
 *
 * One flat JSON object a line, with OpenTelemetry's names where they exist. This table is the only source: the JSON
 * Schema, docs/log-contract.md, Fluentd's normalisation and the `check-logs` command are made from it.
 */

/** Attributes that every event may have. The sidecar fills in service and environment where they are missing. */
export const commonAttributes = {
  timestamp: {
    type: "string",
    required: true,
    description: "When it happened: RFC 3339 with up to nine fractional digits, stamped by the application",
  },
  event_name: { type: "string", required: true, description: "Kind of the event" },
  severity_text: { type: "string", values: severities, description: "Severity" },
  body: { type: "string", description: "Message for people" },
  "service.name": { type: "string", tag: "service", description: "Name of the application" },
  "service.version": { type: "string", description: "Version of the application" },
  "deployment.environment.name": {
    type: "string",
    tag: "environment",
    description: "Environment, e.g. prod",
  },
  trace_id: { type: "string", description: "Trace that it belongs to, 32 hexadecimal digits" },
} as const satisfies Record<string, Attribute>;

const exception = {
  "exception.type": text("Class of the exception"),
  "exception.message": text("Its message"),
  "exception.stacktrace": text("Its traceback"),
  "exception.trace_id": text(
    "The event's `trace_id`; derived, so that exceptions are found without reading all events",
  ),
};
const model = {
  "ml.model.name": tag("model", text("Name of the model")),
  "ml.model.version": tag("model_version", text("Version of the model")),
};
const pipeline = {
  "cicd.pipeline.name": required(tag("pipeline", text("Name of the pipeline"))),
  "cicd.pipeline.run.id": required(text("Id of the run, the same in each of its steps")),
};
const runResult = { ...text("How it ended"), values: results };
const task = { "cicd.pipeline.task.name": required(tag("task", text("Name of the step"))) };
const split = tag("split", text("Part of the data: train, validation or test"));
const expected = { expected_max_s: number("A start without an end is overdue after this time", "s") };
const ofClass = required(tag("class", text("Class, or _all")));
const ofFeature = required(tag("feature", text("Name of the feature")));

const definitions = {
  [measurements.httpRequest]: {
    description: "A request that a model API has answered",
    attributes: {
      "http.request.method": required(tag("method", text("GET, POST, …"))),
      "http.route": required(tag("route", text("Template of the route, never the path: /users/{id}"))),
      "http.response.status_code": { ...required(number("Status code")), minimum: 100, maximum: 599 },
      "http.response.status_class": {
        ...tag("status_class", text("First digit of the status code; Fluentd derives it")),
        values: ["1xx", "2xx", "3xx", "4xx", "5xx"],
      },
      duration_s: duration("Time until the response was complete"),
      "request.id": text("Id of the request"),
      "request.fingerprint": text("Hash of method, route and content; distinct ones are the unique requests"),
      "enduser.pseudo.id": text("Keyed hash of the user; distinct ones are the unique users"),
      "prediction.class": text("Predicted class"),
      "prediction.score": number("Score of the prediction", "1"),
      ...model,
      ...exception,
    },
  },
  [measurements.features]: {
    description: "What a model was given for a prediction: a sample of them, without user, request and trace",
    attributes: { ...model, features: required(number("Number of features that have a value")) },
    own: {
      name: "feature.NAME",
      pattern: "^feature\\..",
      description: "Value of a feature: a number, or a category that the training knows; never free text",
    },
  },
  [measurements.runStart]: {
    description: "A run of a pipeline begins",
    attributes: {
      ...pipeline,
      ...expected,
      max_attempts: number("How often the run may be tried in all: it has failed with the last one"),
    },
  },
  [measurements.runEnd]: {
    description: "A run of a pipeline has ended",
    attributes: {
      ...pipeline,
      "cicd.pipeline.result": required(tag("result", runResult)),
      duration_s: duration("Duration of the run"),
      ...exception,
    },
  },
  [measurements.taskStart]: {
    description: "A step of a run begins",
    attributes: { ...pipeline, ...task, ...expected },
  },
  [measurements.taskEnd]: {
    description: "A step of a run has ended",
    attributes: {
      ...pipeline,
      ...task,
      ...expected,
      "cicd.pipeline.task.run.result": required(tag("result", runResult)),
      duration_s: duration("Duration of the step"),
      cpu_s: number("CPU time used", "s"),
      mem_peak_bytes: number("Largest memory use", "By"),
      mem_limit_bytes: number("Memory limit of the container", "By"),
      rows_in: number("Rows read"),
      rows_out: number("Rows written"),
      ...exception,
    },
  },
  [measurements.runSummary]: {
    description: "A training run in one event",
    attributes: {
      ...pipeline,
      ...model,
      rows: number("Rows of the training data"),
      features: number("Features of the model"),
      imbalance_ratio: number("Largest class over smallest", "1"),
      decision: text("approve or reject"),
      failed_checks: text("Names of the checks that failed, separated by commas"),
      champion_version: text("Version of the model in production"),
      git_revision: text("Revision of the training code"),
      data_version: text("Version of the training data"),
    },
    own: { name: "param.NAME", pattern: "^param\\..", description: "A parameter of the training" },
  },
  [measurements.mlClass]: {
    description: "How often a class occurs",
    attributes: {
      ...pipeline,
      ...model,
      class: ofClass,
      split: required(split),
      count: required(number("Rows of the class")),
      share: number("Share of all rows", "1"),
    },
  },
  [measurements.outliers]: {
    description: "Rows removed because of a feature's value",
    attributes: {
      ...pipeline,
      ...model,
      method: required(tag("method", text("Method, e.g. iqr"))),
      feature: ofFeature,
      rows_before: required(number("Rows before")),
      rows_removed: required(number("Rows removed")),
      removed_ratio: number("Removed by before", "1"),
    },
  },
  [measurements.drift]: {
    description: "How far a feature's distribution has moved",
    attributes: {
      ...pipeline,
      ...model,
      feature: ofFeature,
      comparison: {
        ...required(tag("comparison", text("What is compared"))),
        values: driftComparisons,
      },
      verdict: {
        ...required(tag("verdict", text("What it means"))),
        values: ["none", "warn", "drift", "insufficient_data"],
      },
      psi: number("Population stability index", "1"),
      js: number("Jensen-Shannon distance", "1"),
      wasserstein_norm: number("Wasserstein distance over the reference's standard deviation", "1"),
      ks: number("Kolmogorov-Smirnov statistic", "1"),
      p_value: number("Its p-value", "1"),
      n_ref: number("Values of the reference"),
      n_cur: number("Values compared with it"),
      bins: number("Bins of the index"),
      missing_rate: number("Share of missing values", "1"),
      missing_rate_ref: number("Share of missing values of the reference", "1"),
      infinite: number("Infinite values, a bin of their own"),
      infinite_ref: number("Infinite values of the reference"),
    },
  },
  [measurements.metric]: {
    description: "Scores of a model",
    attributes: {
      ...pipeline,
      ...model,
      split: required(split),
      class: ofClass,
      accuracy: number("Accuracy", "1"),
      precision: number("Precision", "1"),
      recall: number("Recall", "1"),
      f1: number("F1", "1"),
      roc_auc: number("Area under the ROC curve", "1"),
      log_loss: number("Log loss"),
      brier: number("Brier score", "1"),
      rmse: number("Root mean squared error, in the target's unit"),
      mae: number("Mean absolute error, in the target's unit"),
      r2: number("Coefficient of determination", "1"),
    },
    own: {
      name: "NAME",
      pattern: "^[A-Za-z][A-Za-z0-9_@./-]*$",
      description:
        "Any other metric, a number: `ndcg@10`, `mape`, `pinball_p90`. The approval dashboard shows it",
    },
  },
  [measurements.confusion]: {
    description: "How often a class was predicted as another",
    attributes: {
      ...pipeline,
      ...model,
      split,
      actual: required(tag("actual", text("Actual class"))),
      predicted: required(tag("predicted", text("Predicted class"))),
      count: required(number("Rows")),
    },
  },
  [measurements.decision]: {
    description: "Whether a model may go to production",
    attributes: {
      ...pipeline,
      ...model,
      decision: {
        ...required(tag("decision", text("Approved or not"))),
        values: ["approve", "reject"],
      },
      reason: text("Why"),
      approver: text("Who decided"),
    },
  },
  [measurements.log]: {
    description: "Any other line, from text or JSON",
    attributes: {
      severity_text: tag("severity", { ...text("Severity"), values: severities }),
      "log.logger": text("Name of the logger"),
      "log.file.name": text("File that the line was read from"),
      "k8s.pod.name": text("Pod that wrote it"),
      ...exception,
    },
  },
  [measurements.unparsed]: {
    description: "A line that no format matches, as it is: kept and counted",
    attributes: {
      "log.file.name": tag("source", text("File that the line was read from")),
      "k8s.pod.name": text("Pod that wrote it"),
    },
  },
  [measurements.deadLetter]: {
    description:
      "A point that InfluxDB refuses for good, or a chunk that Fluentd could not read; made by Fluentd, kept and counted",
    attributes: {
      "dead_letter.line": text("The point, in line protocol, or Fluentd's message on the chunk"),
    },
  },
} satisfies Record<string, EventDefinition>;

/** Name of an event of the contract. */
export type EventName = keyof typeof definitions;

/** Every event of the contract by its name. */
export const events: Readonly<Record<EventName, EventDefinition>> = definitions;

/** Whether the contract has an event of that name. */
export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

/** The attributes of an event, the common ones first; an event may narrow a common one. */
export function attributesOf(name: EventName): Readonly<Record<string, Attribute>> {
  return { ...commonAttributes, ...events[name].attributes };
}

/** Whether an event may have an attribute of that name that applications choose. */
export function isOwnAttribute(name: EventName, key: string): boolean {
  const { own } = events[name];
  return own !== undefined && new RegExp(own.pattern).test(key);
}

/** The tags of an event's measurement. */
export function tagsOf(name: EventName): string[] {
  return Object.values(attributesOf(name)).flatMap((attribute) => attribute.tag ?? []);
}

/** Longest text of a field, in bytes; longer ones are cut, and say so. InfluxDB refuses above 64 KiB. */
export const maxTextBytes = 32 * 1024;

/** Longest value of a tag, in bytes. */
export const maxTagBytes = 256;

/** The names that an event may have beyond the contract's own: such events get the common tags only. */
export const customEventName = "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$";
