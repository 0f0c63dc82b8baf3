import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFormat, isRecord, type LogFormat, renderedFormat } from "../../../contract/formats";
import { joinRecords } from "../../../contract/joinRecords";
import { parseRecord } from "../../../contract/parseRecord";
import { portableRegexp, regexpOfRuby } from "../../../contract/regexps";
import { readTime, timePatterns } from "../../../contract/times";
import { formatSamples } from "./formatSamples";

const now = Date.UTC(2026, 10, 28) / 1000;

for (const [name, samples] of Object.entries(formatSamples)) {
  for (const { record, event = "log", time, has } of samples) {
    test(`${name}: ${JSON.stringify(record.slice(0, 70))}`, () => {
      const isKnown = (line: string) => isRecord(line, renderedFormat("auto"));
      assert.equal(joinRecords(record.split("\n"), undefined, isKnown).length, 1, "it is one record");
      for (const format of [name as LogFormat, "auto"] as LogFormat[]) {
        const parsed = parseRecord(record, renderedFormat(format), now);
        assert.equal(parsed?.format, name);
        assert.equal(parsed.event.get("event_name"), event);
        assert.deepEqual(
          Object.fromEntries(Object.keys(has).map((key) => [key, parsed.event.get(key)])),
          has,
        );
        assert.ok(![...parsed.event.keys()].some((key) => key.startsWith("invalid.")));
        if (time !== undefined) assert.equal(new Date(Number(parsed.time! / 1_000_000n)).toISOString(), time);
      }
    });
  }
}

for (const [what, regexp, message] of [
  ["a look-behind", "(?<=a)(?<body>.*)", /look-behind/],
  ["Ruby's hexadecimal digit", "(?<body>\\h+)", /an escape that Ruby and JavaScript read differently/],
  ["Ruby's end of the text", "(?<body>.*)\\Z", /an escape/],
  ["a Unicode class", "(?<body>\\p{L}+)", /an escape/],
  ["a code point in braces", "(?<body>\\u{1F600})", /an escape|unescaped/],
  ["an inline flag", "(?i)(?<body>x)", /an inline option/],
  ["an atomic group", "(?>a)(?<body>x)", /an inline option, comment or atomic group/],
  ["a possessive quantifier", "(?<body>a++)", /possessive/],
  ["a POSIX class", "(?<body>[[:alpha:]]+)", /POSIX/],
  ["an intersection of classes", "(?<body>[a-z&&b]+)", /&&/],
  ["Ruby's quantifier without a minimum", "(?<body>a{,3})", /unescaped/],
  ["no named group", "^.*$", /needs named groups/],
] as const) {
  test(`${what} is refused in a format`, () => {
    assert.throws(() => checkFormat({ regexp, samples: ["x"] }), message);
  });
}

test("begin and end are those of the text in both languages", () => {
  assert.deepEqual(portableRegexp("^a.b$"), {
    javascript: "^a.b$",
    ruby: "\\Aa[^\\n\\r\\u2028\\u2029]b\\z",
  });
});

test("a sample is checked with the format of its time", () => {
  const format = { regexp: "^(?<time>\\S+ \\S+) (?<body>.*)$", samples: ["07.03.2024 10:15:32 x"] };
  assert.throws(
    () => checkFormat(format),
    /its time "07.03.2024 10:15:32" is not understood: give the timeFormat/,
  );
  checkFormat({ ...format, timeFormat: "%d.%m.%Y %H:%M:%S", timeZone: "Europe/Berlin" });
  assert.throws(
    () => checkFormat({ ...format, timeFormat: "%Y-%m-%d %H:%M:%S" }),
    /is not of the timeFormat/,
  );
  assert.throws(() => checkFormat({ ...format, timeFormat: "%d.%m.%Y %Q" }), /%Q is not known/);
  assert.throws(() => checkFormat({ ...format, timeFormat: "%H:%M" }), /needs at least a month/);
  assert.throws(() => checkFormat({ ...format, timeZone: "Berlin" }), /not in the IANA database/);
});

test("times: leap seconds, days that there are not, years that are not written", () => {
  const iso = (text: string) => {
    const time = readTime(text, now)?.nanoseconds;
    return time === undefined ? undefined : new Date(Number(time / 1_000_000n)).toISOString();
  };
  assert.equal(iso("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
  assert.equal(iso("29/Feb/2024:10:15:32 +0200"), "2024-02-29T08:15:32.000Z");
  assert.equal(iso("29/Feb/2023:10:15:32 +0000"), undefined);
  assert.equal(iso("2024-13-01T00:00:00Z"), undefined);
  assert.equal(iso("Thu, 07 Mar 2024 10:15:32 GMT"), "2024-03-07T10:15:32.000Z");
  assert.equal(iso("1709806532123"), "2024-03-07T10:15:32.123Z");
  for (const written of [
    "20240307T101532Z",
    "20240307T111532+0100",
    "2024-03-07 11:15:32 +0100 CET m=+0.000012",
    "2024-03-07 10:15:32.000001 +0000 UTC",
    "Thu Mar  7 10:15:32 UTC 2024",
    "Mar 07, 2024 10:15:32 AM",
    "07 Mar 2024 10:15:32.000",
    "20240307 10:15:32.000001",
  ])
    assert.equal(iso(written), "2024-03-07T10:15:32.000Z", written);
  assert.equal(iso("Mar 07, 2024 12:15:32 AM"), "2024-03-07T00:15:32.000Z");
  assert.equal(iso("2024-03-07 10:15:32 PST"), "2024-03-07T18:15:32.000Z");
  // India, Israel or Ireland.
  assert.equal(iso("2024-03-07 10:15:32 IST"), undefined);
  assert.equal(iso("03-07 10:15:32"), "2026-03-07T10:15:32.000Z");
  assert.equal(iso("Dec 24 10:00:00"), "2025-12-24T10:00:00.000Z");
  assert.equal(iso("Nov 28 10:00:00"), "2026-11-28T10:00:00.000Z");
});

test("an expression is found again from its translation for Ruby", () => {
  const rows = renderedFormat("auto").rows.map(({ regexp }) => regexp);
  for (const source of ["^a.b$", "\\bx\\b[\\s\\S]*\\\\A", ...rows, ...timePatterns]) {
    const { ruby } = portableRegexp(source);
    assert.equal(portableRegexp(regexpOfRuby(ruby)).ruby, ruby, source);
  }
});
