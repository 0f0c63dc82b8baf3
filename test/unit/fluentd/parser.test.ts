import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type LogFormat,
  type LogSource,
  isRecord,
  multilineStartOf,
  renderedFormat,
} from "../../../contract/formats";
import { joinRecords } from "../../../contract/joinRecords";
import { parseRecord } from "../../../contract/parseRecord";
import { missingRuby, parseWithRuby, readAtSeconds, type RubyRecord } from "../../support/rubyParser";
import { corpus, hostileLines } from "../contract/corpus";
import { formatSamples } from "../contract/formatSamples";

const logs = join(__dirname, "../../fixtures/logs");

/** What check-logs makes of lines, as the Ruby code says it. */
function parseWithTypeScript(lines: readonly string[], source: LogSource | LogFormat = "auto"): unknown[] {
  const format = renderedFormat(source);
  const ofFormat = typeof source === "object" && "regexp" in source ? source : (source as LogSource).format;
  return joinRecords(lines, multilineStartOf(ofFormat), (line) => isRecord(line, format)).map(({ text }) => {
    const parsed = parseRecord(text, format, readAtSeconds);
    return {
      text,
      event: parsed && sorted(Object.fromEntries(parsed.event)),
      time: parsed?.time?.toString(),
    };
  });
}

const comparable = ({ text, event }: RubyRecord): unknown => {
  const { time_unix_nano: time, ...rest } = event ?? {};
  return { text, event: event === null ? undefined : sorted(rest), time };
};

const sorted = (event: object) =>
  Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));

function assertSame(lines: readonly string[], source?: LogSource | LogFormat): void {
  const ruby = parseWithRuby(lines, source).map(comparable);
  const typescript = parseWithTypeScript(lines, source);
  typescript.forEach((record, index) => assert.deepEqual(ruby[index], record));
  assert.equal(ruby.length, typescript.length);
}

for (const file of readdirSync(logs).filter((name) => name.endsWith(".log"))) {
  test(`${file}: Fluentd and check-logs make the same of every line`, { skip: missingRuby }, () => {
    assertSame(readFileSync(join(logs, file), "utf8").trimEnd().split("\n"));
  });
}

test("Fluentd and check-logs make the same of the samples of each format", { skip: missingRuby }, () => {
  for (const [format, samples] of Object.entries(formatSamples))
    assertSame(
      samples.flatMap(({ record }) => record.split("\n")),
      format as LogFormat,
    );
});

test("Fluentd and check-logs make the same of the corpus", { skip: missingRuby }, () => {
  // A lone surrogate is no text that both have.
  const same = corpus.filter(({ record }) => !record.includes("\\ud800"));
  assertSame(same.flatMap(({ record }) => record.split("\n")));
  const events = parseWithRuby(corpus.flatMap(({ record }) => record.split("\n")));
  corpus.forEach(({ record, event }, index) => assert.equal(events[index]?.event?.event_name, event, record));
});

test("a format of one's own is read alike, with its time and its zone", { skip: missingRuby }, () => {
  const format = {
    regexp: "^(?<time>\\S+ \\S+)\\|(?<level>\\w+)\\|(?<body>.*)$",
    timeFormat: "%d.%m.%Y %H:%M:%S,%L",
    timeZone: "Europe/Berlin",
    samples: ["07.03.2024 10:15:32,123|INFO|x"],
  };
  const lines = [
    "07.03.2024 10:15:32,123|INFO|winter",
    "07.07.2024 10:15:32,5|WARN|summer",
    "31.03.2024 02:30:00,0|INFO|an hour that there is not",
    "27.10.2024 02:30:00,0|INFO|an hour that there is twice",
    "31.02.2024 10:00:00,0|INFO|no day",
    "Traceback (most recent call last):",
    '  File "a.py", line 1',
    "KeyError: 'x'",
  ];
  assertSame(lines, format);
  const times = parseWithRuby(lines, format).map(({ event }) => event?.time_unix_nano);
  assert.deepEqual(times.slice(0, 2), [
    `${Date.UTC(2024, 2, 7, 9, 15, 32, 123)}000000`,
    `${Date.UTC(2024, 6, 7, 8, 15, 32, 500)}000000`,
  ]);
  assert.equal(times[4], undefined);
  // What follows a line belongs to it, though the expression knows single lines only.
  const last = parseWithRuby(lines, format).at(-1)?.event;
  assert.equal(last?.body, "no day");
  assert.equal(last?.["exception.type"], "KeyError");
});

test("a start of one's own: what begins no record before it is one itself", { skip: missingRuby }, () => {
  const format = { regexp: "^> (?<body>[\\s\\S]*)$", multilineStart: "^> ", samples: ["> x"] };
  const lines = ["stray", "more", "> first", "second", "> third"];
  assertSame(lines, format);
  assert.deepEqual(
    parseWithRuby(lines, format).map(({ text, event }) => [text, event?.event_name]),
    [
      ["stray\nmore", "log.unparsed"],
      ["> first\nsecond", "log"],
      ["> third", "log"],
    ],
  );
});

test(
  "routes: 404 is unmatched, templates win, probes are no usage, and their number is bounded",
  { skip: missingRuby },
  () => {
    const line = (path: string, status = 200) => `INFO:     1.2.3.4:5 - "GET ${path} HTTP/1.1" ${status} OK`;
    const source = { routes: ["/users/{name}/orders"], probePaths: ["/ping"], maxRoutes: 3 };
    const lines = [
      line("/users/alice/orders?x=1"),
      line("/a"),
      line("/wp-login.php", 404),
      line("/b"),
      line("/a"),
      line("/ping"),
      line("/unsubscribe/bob@example.com"),
    ];
    const events = parseWithRuby(lines, source).map(({ event }) => event);
    assert.deepEqual(
      events.map((event) => event?.["http.route"] ?? event?.event_name),
      ["/users/{name}/orders", "/a", "unmatched", "_other", "/a", "log", "_other"],
    );
  },
);

test("scanners and names make few routes: 5,000 requests of 5,000 paths", { skip: missingRuby }, () => {
  const words = ["wp-login", "admin", ".env", ".git", "backup", "shell", "api", "setup", "owa", "actuator"];
  const pick = (index: number) => words[index % words.length] as string;
  const scanner = Array.from({ length: 2_000 }, (_, i) => [
    `/${pick(i)}/${pick(i * 7)}/${pick(i * 31)}${i}.php`,
    404,
  ]);
  const names = Array.from({ length: 2_000 }, (_, i) => [
    `/users/${pick(i)}.${String.fromCharCode(97 + (i % 26), 97 + (i % 17), 97 + (i % 11))}/orders`,
    200,
  ]);
  const mails = Array.from({ length: 1_000 }, (_, i) => [`/unsubscribe/${pick(i)}@example.com`, 200]);
  const lines = [...scanner, ...names, ...mails].map(
    ([path, status]) => `INFO:     1.2.3.4:5 - "GET ${path} HTTP/1.1" ${status} OK`,
  );
  const routes = parseWithRuby(lines).map(({ event }) => event?.["http.route"]);
  assert.equal(routes.length, 5_000);
  assert.ok(new Set(routes).size <= 101, `${new Set(routes).size} routes`);
  assert.equal(routes.filter((route) => route === "unmatched").length, 2_000);
  assert.equal(routes.filter((route) => String(route).includes("@")).length, 0);
});

test("no key of an application's own gives a field of ours another type", { skip: missingRuby }, () => {
  const lines = [
    '{"message":"odd","text":{"foo":5},"invalid":{"timestamp":3},"contract":{"missing":1},"attributes":{"x":"y"}}',
    '{"message":"odd","text.foo":"a","\\u0001measurement":1,"":2,"_time":"x","service":1}',
    '{"event_name":"http_response","result_code":"x","value":1}',
    '{"event_name":"fluentd","retry_count":"x"}',
    '{"message":"innocent","foo":"bar"}',
  ];
  assertSame(lines);
  const events = parseWithRuby(lines).map(({ event }) => event ?? {});
  for (const event of events) {
    assert.equal(event.event_name, "log");
    for (const [key, value] of Object.entries(event)) {
      const isText = /^(?:text|invalid)\.|^contract\.(?:missing|error)$/.test(key);
      if (isText) assert.equal(typeof value, "string", key);
      assert.doesNotMatch(key, /^$|^_/);
    }
  }
  assert.equal(events[0]?.["attributes.text.foo"], 5);
  assert.equal(events[0]?.["attributes.invalid.timestamp"], 3);
});

test(
  "times: what is none of this century, or more than a day ahead, is kept as text",
  { skip: missingRuby },
  () => {
    const times = [
      "9999-12-31T23:59:59Z",
      "0001-01-01T00:00:00Z",
      "1970-01-01T00:00:00Z",
      "2024-13-01T00:00:00Z",
    ];
    const late = new Date((readAtSeconds + 86_500) * 1000).toISOString();
    const soon = new Date((readAtSeconds + 86_300) * 1000).toISOString();
    const lines = [...times, late, soon].map((timestamp) => JSON.stringify({ timestamp, message: "x" }));
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    for (const [index, timestamp] of [...times, late].entries())
      assert.equal(events[index]?.["invalid.timestamp"], timestamp);
    assert.equal(events[5]?.time_unix_nano, `${Date.parse(soon)}000000`);
  },
);

test(
  "values that are none: status codes, numbers without an end, null, an empty key",
  { skip: missingRuby },
  () => {
    const request = (status: unknown) =>
      JSON.stringify({
        event_name: "http.server.request",
        "http.request.method": "GET",
        "http.route": "/",
        "http.response.status_code": status,
      });
    const lines = [
      request(1e300),
      request(-1),
      request("1e999"),
      request(599),
      '{"message":null,"msg":"x"}',
      '{"":1,"message":"m"}',
    ];
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    for (const event of events.slice(0, 3)) {
      assert.equal(event["http.response.status_class"], undefined);
      assert.ok(String(event["invalid.http.response.status_code"]).length > 0);
    }
    assert.equal(events[3]?.["http.response.status_class"], "5xx");
    assert.equal(events[4]?.body, "x");
    assert.equal(events[5]?.unnamed, 1);
  },
);

test("a progress bar is one record, its last state", { skip: missingRuby }, () => {
  const lines = [
    "\r  0%|          | 0/10 [00:00<?, ?it/s]\r 50%|#####     | 5/10\r100%|##########| 10/10 [00:10<00:00]",
    "done",
    " 10%|#         | 1/10",
    " 20%|##        | 2/10",
    "   indented report",
  ];
  assertSame(lines);
  assert.deepEqual(
    parseWithRuby(lines).map(({ text, event }) => [text, event?.event_name]),
    [
      ["100%|##########| 10/10 [00:10<00:00]", "log"],
      ["done", "log.unparsed"],
      [" 20%|##        | 2/10", "log"],
      ["   indented report", "log.unparsed"],
    ],
  );
});

test("every hostile line becomes one event of a name that is allowed", { skip: missingRuby }, () => {
  const records = parseWithRuby(hostileLines.map(({ bytes }) => bytes.toString("latin1")));
  assert.equal(records.length, hostileLines.length);
  for (const { event } of records) assert.match(String(event?.event_name), /^[a-z._]+$/);
});

test(
  "numbers that JavaScript does not hold are exact: Unix nanoseconds, ids, parts of lists",
  { skip: missingRuby },
  () => {
    const lines = [
      '{"timestamp":1709806532123456789,"message":9007199254740993}',
      '{"message":[12345678901234567890,1.0,0.00001,-1e-7,1e21,null,NaN,{"a":1e300}],"n":9007199254740993}',
      '{"message":0.000001,"level":1e20}',
    ];
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    assert.deepEqual(
      [events[0]?.time_unix_nano, events[0]?.body],
      ["1709806532123456789", "9007199254740993"],
    );
    assert.equal(events[1]?.body, '[12345678901234567890,1,0.00001,-1e-7,1e+21,null,null,{"a":1e+300}]');
    assert.equal(events[2]?.body, "0.000001");
  },
);

test("JSON that is printed over several lines is one event", { skip: missingRuby }, () => {
  const object = { message: "printed", list: [1, { a: 2 }], level: "error" };
  const lines = [...JSON.stringify(object, undefined, 2).split("\n"), "INFO:root:next", "}"];
  assertSame(lines);
  assert.deepEqual(
    parseWithRuby(lines).map(({ event }) => [event?.body, event?.severity_text]),
    [
      ["printed", "ERROR"],
      ["next\n}", "INFO"],
    ],
  );
});

test(
  "severities of OpenTelemetry's numbers, of Monolog's names, of slog's offsets, and between two of pino or Python",
  { skip: missingRuby },
  () => {
    const lines = [
      '{"body":{"stringValue":"x"},"severityNumber":9,"timeUnixNano":"1709806532123456789"}',
      '{"Body":"x","SeverityText":"WARN","SeverityNumber":17}',
      '{"Body":"x","SeverityNumber":24}',
      '{"Body":"x","SeverityNumber":25}',
      '{"message":"x","level":400,"level_name":"ERROR","datetime":"2024-03-07T10:15:32Z"}',
      '{"msg":"x","level":"INFO+2"}',
      // Between two of pino's, and as Python's logging prints one without a name
      '{"msg":"x","level":35}',
      '{"message":"x","levelname":"Level 25"}',
      '{"message":"x","levelname":"NOTSET"}',
      '{"log":"x","stream":"stderr","time":"2024-03-07T10:15:32.123456789Z"}',
    ];
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    assert.deepEqual(
      events.map(({ severity_text: severity }) => severity),
      ["INFO", "WARN", "FATAL", undefined, "ERROR", "INFO", "INFO", "INFO", "TRACE", undefined],
    );
    assert.deepEqual([...new Set(events.map(({ body }) => body))], ["x"]);
  },
);

test(
  "lines behind the container runtime's prefix are joined, and parts of a line are one",
  { skip: missingRuby },
  () => {
    const at = (second: number) => `2024-03-07T10:15:3${second}.123456789Z stderr`;
    const lines = [
      `${at(2)} F 2024-03-07 10:15:32,123 ERROR train: failed`,
      `${at(2)} F Traceback (most recent call last):`,
      `${at(2)} F   File "a.py", line 1, in f`,
      `${at(2)} F     ^^^^^^`,
      `${at(2)} F ValueError: bad`,
      `${at(3)} P INFO:root:a long `,
      `${at(3)} P line, split `,
      `${at(3)} F twice`,
      `${at(4)} F INFO:root:next`,
    ];
    assertSame(lines);
    assert.deepEqual(
      parseWithRuby(lines).map(({ event }) => [
        event?.body,
        event?.["exception.type"],
        event?.time_unix_nano,
      ]),
      [
        ["failed", "ValueError", "1709806532123000000"],
        ["a long line, split twice", undefined, "1709806533123456789"],
        ["next", undefined, "1709806534123456789"],
      ],
    );
  },
);

test(
  "what no format knows has the time that it begins with, if that is of the last hour",
  { skip: missingRuby },
  () => {
    // Lines are read at 2027-01-15T08:00:00Z.
    const times = [
      "2027-01-15 07:15:32,123",
      "[2027/01/15 07:15:32.123]",
      "2027-01-15T08:15:32.123+01:00",
      "1799997332.123",
    ];
    const lines = [
      ...times.map((time) => `${time} <x> free text`),
      // Rows of data, and what is no time
      "2027-01-15 06:59:59   0.25",
      "2027-01-15 08:00:02   0.25",
      "2027-13-15 07:15:32 no month",
      "1799997332 a number",
      "2027-01-15 07:15:321 no time",
    ];
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    assert.deepEqual(
      events.map((event) => event.time_unix_nano),
      [...times.map(() => "1799997332123000000"), ...Array<undefined>(5).fill(undefined)],
    );
    events.forEach((event, index) => {
      assert.deepEqual([event.event_name, event.body], ["log.unparsed", lines[index]]);
      assert.ok(!("invalid.timestamp" in event));
    });
  },
);

test(
  "the line inside of one of Docker's json-file is read, if a format knows it",
  { skip: missingRuby },
  () => {
    const docker = (log: string) =>
      JSON.stringify({ log, stream: "stderr", time: "2024-03-07T10:15:32.123Z" });
    const lines = [
      docker('{"level":"error","msg":"inner"}\n'),
      docker("2024-03-07 10:15:31 WARN app: text\n"),
      docker("free text\n"),
      JSON.stringify({ log: "INFO:root:x", stream: "stderr", other: 1 }),
    ];
    assertSame(lines);
    assert.deepEqual(
      parseWithRuby(lines).map(({ event }) => [
        event?.body,
        event?.severity_text,
        event?.["text.stream"],
        event?.time_unix_nano,
      ]),
      [
        ["inner", "ERROR", "stderr", "1709806532123000000"],
        ["text", "WARN", "stderr", "1709806531000000000"],
        ["free text\n", undefined, "stderr", "1709806532123000000"],
        ["INFO:root:x", undefined, "stderr", undefined],
      ],
    );
  },
);

test("a duration that is negative is kept as invalid", { skip: missingRuby }, () => {
  const line =
    '{"event_name":"pipeline.run.end","cicd.pipeline.name":"p","cicd.pipeline.run.id":"r","cicd.pipeline.result":"success","duration_s":-0.5}';
  assertSame([line]);
  const [event = {}] = parseWithRuby([line]).map((record) => record.event ?? {});
  assert.deepEqual([event.duration_s, event["invalid.duration_s"]], [undefined, "-0.5"]);
});

test("zones by their names, and Java's with the region behind the offset", { skip: missingRuby }, () => {
  const times = {
    "Thu Mar  7 11:15:32.123 CET 2024": "1709806532123000000",
    "Fri Jun  7 11:15:32 CEST 2024": "1717751732000000000",
    "Thu, 07 Mar 2024 05:15:32 EST": "1709806532000000000",
    "2024-03-07 19:15:32,123 JST": "1709806532123000000",
    "2024-03-07T11:15:32.123+01:00[Europe/Paris]": "1709806532123000000",
    // Several zones have this name.
    "2024-03-07 15:45:32 IST": undefined,
  };
  const lines = Object.keys(times).map((time) => JSON.stringify({ message: "x", time }));
  assertSame(lines);
  assert.deepEqual(
    parseWithRuby(lines).map(({ event }) => event?.time_unix_nano),
    Object.values(times),
  );
});

test("a traceback behind torchrun's prefix is one event, with its rank", { skip: missingRuby }, () => {
  const lines = [
    "[rank1]: Traceback (most recent call last):",
    '[rank1]:   File "a.py", line 1, in f',
    "[rank1]: ValueError: bad",
    "INFO:root:next",
  ];
  assertSame(lines);
  assert.deepEqual(
    parseWithRuby(lines).map(({ event }) => [event?.["exception.type"], event?.body, event?.rank]),
    [
      ["ValueError", "ValueError: bad", 1],
      [undefined, "next", undefined],
    ],
  );
});

test(
  "a bar of Keras 3, drawn over by backspaces, is one record, its last state",
  { skip: missingRuby },
  () => {
    const bar = (step: number) => `${step}/10 \u2501\u2501\u2501\u2501\u2501\u2501 1s/step`;
    const lines = [`${bar(1)}\b\b\b\r${bar(2)}\b\b\b\r${bar(3)}`, bar(4), "done"];
    assertSame(lines);
    assert.deepEqual(
      parseWithRuby(lines).map(({ event }) => event?.body),
      [bar(4), "done"],
    );
  },
);

test(
  "a line of 64 KiB costs no more than its length, whatever it repeats",
  { skip: missingRuby, timeout: 60_000 },
  () => {
    // Each took the time of its square: minutes at this length.
    const length = 65_536;
    const lines = [
      `2024-03-07 10:15:32,123 ${" ".repeat(length)}x`,
      "1".repeat(length),
      `{"duration_s":"${"1".repeat(length)}x","message":"x"}`,
      `x${"\r".repeat(length)}x`,
      `INFO[2024-03-07T10:15:32Z] ${"a=b ".repeat(length / 4)}x`,
      `INFO[2024-03-07T10:15:32Z] ${"\u00e9 ".repeat(length / 4)}a=b`,
      `[INFO|${"1".repeat(length)}`,
      `2024-03-07T10:15:32+0000 [INFO] [a] ${"1:".repeat(length / 2)}`,
      `INFO 2024-03-07 10:15:32,123 ${"a -- ".repeat(length / 5)}`,
      `[pid: 1|app: 0|req: 1] a () {} [${"[(".repeat(length / 2)}`,
      `[GIN] 2024/03/07 - 10:15:32 | 200 | ${"1 ".repeat(length / 2)}`,
      `[Stage 1:${"=".repeat(length)}`,
    ];
    assertSame(lines);
    assert.deepEqual(
      parseWithRuby(lines).map(({ event }) => event?.event_name),
      [
        ...["log.unparsed", "log.unparsed", "log", "log.unparsed"],
        ...["log", "log", "log", "log", "log", "log.unparsed", "log.unparsed", "log.unparsed"],
      ],
    );
  },
);

test(
  "an exception has its trace beside it, whoever wrote it; no other event has",
  { skip: missingRuby },
  () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const lines = [
      `{"message":"failed","trace_id":"${trace}","exception.type":"ValueError"}`,
      `{"message":"failed","trace_id":"${trace}","stack_trace":"Traceback (most recent call last):\\n  File \\"a.py\\", line 1\\nKeyError: 1"}`,
      `{"timestamp":"2026-03-17T12:00:00Z","event_name":"http.server.request","http.request.method":"GET","http.route":"/","http.response.status_code":500,"trace_id":"${trace}","exception.type":"E","exception.trace_id":"x"}`,
      `{"message":"went well","trace_id":"${trace}"}`,
      '{"message":"failed","exception.type":"ValueError"}',
    ];
    assertSame(lines);
    const events = parseWithRuby(lines).map(({ event }) => event ?? {});
    assert.deepEqual(
      events.map((event) => event["exception.trace_id"]),
      [trace, trace, trace, undefined, undefined],
    );
  },
);
