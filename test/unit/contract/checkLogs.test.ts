import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLogs, formatReport } from "../../../contract/checkLogs";
import { readRecord } from "../../../contract/readRecord";
import { corpus } from "./corpus";

for (const { record, event } of corpus) {
  test(`is read as ${event}: ${JSON.stringify(record.slice(0, 60))}`, () => {
    assert.equal(readRecord(record).event, event);
  });
}

test("joins tracebacks to their records and counts every line", () => {
  const text = [
    "INFO:root:begin",
    "",
    "ERROR:root:failed",
    "Traceback (most recent call last):",
    '  File "x.py", line 1',
    "package.CustomError: no rows",
    "and a second line of its message",
    "",
    "free text",
  ].join("\n");
  const report = checkLogs(`${text}\n`);
  assert.deepEqual(
    { lines: report.lines, blank: report.blank, records: report.records, events: report.events },
    { lines: 9, blank: 2, records: 3, events: { log: 2, "log.unparsed": 1 } },
  );
});

test("says which keys are wrong and how to fix them", () => {
  const line = JSON.stringify({
    timestamp: "yesterday",
    event_name: "http.server.request",
    method: "GET",
    http_route: "/x",
    "http.response.status_code": "fine",
    latency_ms: 3,
    colour: "red",
  });
  const messages = checkLogs(`${line}\n${line}\n`).problems.map(
    ({ message, count }) => `${count} ${message}`,
  );
  for (const part of [
    '2 http.server.request: "timestamp" must be RFC 3339',
    '"http.request.method" is missing',
    'rename it to "http.request.method"',
    '"http_route" is not of the contract: rename it to "http.route"',
    '"http.response.status_code" must be a number from 100 to 599, got "fine"',
    '"latency_ms" is not of the contract: rename it to "duration_s"',
    'kept as the field "text.colour"',
  ]) {
    assert.ok(
      messages.some((message) => message.includes(part)),
      `${part} in\n${messages.join("\n")}`,
    );
  }
});

test("a right event has no problem, and its dashboard is named", () => {
  const report = checkLogs(
    corpus.find(({ record }) => record.includes('"http.route":"/predict"'))?.record ?? "",
  );
  assert.deepEqual(report.problems, []);
  assert.match(formatReport("app.log", report), /Nothing is wrong\.[\s\S]*Model API usage/);
});

test("a misspelt event name is an error", () => {
  const report = checkLogs('{"timestamp":"2026-01-06T17:44:13Z","event_name":"ml.metrics"}');
  assert.match(report.problems[0]?.message ?? "", /did you mean "ml.metric"/);
});

test("a format of one's own is used", () => {
  const format = { regexp: "^(?<level>\\w+)\\|(?<body>.*)$", samples: ["INFO|x"] };
  assert.deepEqual(checkLogs("INFO|hello\nnothing\n", format).formats, { custom: 1, none: 1 });
});
