import fc from "fast-check";
import { jsonAliases, severityNames, severityNumberKeys } from "../../contract/loggerNames";
import { formatSamples } from "../unit/contract/formatSamples";

/** What lines are made of besides words: what expressions of two languages may read differently. */
const oddCharacters = [
  ..." \t\r\v\f\u00a0\u2028\u2029\ufeff\u0085\0\x1b\x7f\"'\\{}[]()=:,;|%@/?#$^.*+-_éßİ🐧٣",
];

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/);
const oddText = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: word }, { weight: 2, arbitrary: fc.constantFrom(...oddCharacters) }),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(""));

const two = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((number) => String(number).padStart(2, "0"));
const clock = fc.tuple(two(0, 25), two(0, 61), two(0, 61)).map((parts) => parts.join(":"));
const date = fc
  .tuple(fc.integer({ min: 1999, max: 2031 }), two(0, 13), two(0, 32))
  .map((parts) => parts.join("-"));
const fraction = fc.constantFrom("", ".1", ",123", ".123456", ".123456789", ".1234567890123");
const zone = fc.constantFrom(
  "",
  "Z",
  "z",
  " +0100 CET m=+0.01",
  "+01:00",
  "-0830",
  "+02",
  " UTC",
  " +0100",
  " GMT",
  "+25:00",
);
const month = fc.constantFrom("Jan", "Feb", "Mar", "Dec", "Foo", "may");
const time = fc.oneof(
  fc.tuple(date, fc.constantFrom("T", " ", "t"), clock, fraction, zone).map((parts) => parts.join("")),
  fc
    .tuple(
      two(0, 32),
      month,
      fc.integer({ min: 1999, max: 2031 }),
      clock,
      fc.constantFrom("", " +0000", " -0530"),
    )
    .map(([day, name, year, at, offset]) => `${day}/${name}/${year}:${at}${offset}`),
  fc
    .tuple(month, fc.integer({ min: 0, max: 32 }), clock)
    .map(([name, day, at]) => `${name} ${String(day).padStart(2)} ${at}`),
  fc
    .tuple(month, two(0, 32), clock, fc.constantFrom("", " AM", " pm"))
    .map(([name, day, at, half]) => `${name} ${day}, 2024 ${at}${half}`),
  fc.tuple(two(0, 13), two(0, 32), clock).map(([number, day, at]) => `${number}-${day} ${at}`),
  fc.constantFrom("20240307T101532Z", "20241307T101532.5+0100", "Thu Mar  7 10:15:32 UTC 2024"),
  fc.integer({ min: 900_000_000, max: 2_000_000_000 }).map(String),
  fc.integer({ min: 900_000_000, max: 2_000_000_000 }).map((seconds) => `${seconds}.25`),
);
const level = fc.oneof(fc.constantFrom(...Object.keys(severityNames)), word);
/** Exact in Fluentd, no number of JavaScript; marked until the line is written. */
const largeInteger = fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }).map((one) => `@@${one}`);
const pair = fc
  .tuple(
    word,
    fc.oneof(
      word,
      oddText.map((text) => JSON.stringify(text)),
    ),
  )
  .map((parts) => parts.join("="));
const pairs = fc.array(pair, { maxLength: 4 }).map((all) => all.join(" "));

const logLine = fc
  .tuple(time, level, word, oddText, pairs, fc.constantFrom(...Array(14).keys()))
  .map(([at, severity, logger, body, more, kind]) => {
    const kinds = [
      `${at} ${severity} ${logger}: ${body}`,
      `${at} - ${logger} - ${severity} - ${body}`,
      `${severity}:${logger}:${body}`,
      `${severity}[${at}] ${body} ${more}`,
      `time="${at}" level=${severity} msg="${body}" ${more}`,
      `${at} | ${severity} | ${logger}:f:1 - ${body}`,
      `[${at}] [7] [${severity}] ${body}`,
      `${severity}:     ${body}`,
      `${at} ${severity} [${logger}] a.B - ${body} ${more}`,
      `[${at}][${logger}][${severity}] - ${body}`,
      `${at} | ${severity} | ${body}`,
      `[${severity}] ${at} ${body}`,
      `${severity} ${body}`,
      `10:15:32.1 (${logger}) <${severity}> ${body}`,
    ];
    return kinds[kind] as string;
  });

const path = fc
  .array(fc.oneof(word, fc.integer().map(String), oddText, fc.constantFrom("a@b.c", "healthz", "%40")), {
    maxLength: 4,
  })
  .map((parts) => `/${parts.join("/")}`);
const accessLine = fc
  .tuple(
    fc.constantFrom("GET", "POST", "PROPFIND", "get", "-"),
    path,
    fc.integer({ min: 0, max: 999 }),
    time,
    fc.boolean(),
  )
  .map(([method, to, status, at, isNginx]) => {
    const code = String(status).padStart(3, "0");
    return isNginx
      ? `1.2.3.4 - - [${at}] "${method} ${to} HTTP/1.1" ${code} 12 "-" "curl" 0.1`
      : `INFO:     1.2.3.4:5 - "${method} ${to} HTTP/1.1" ${code} OK`;
  });

const key = fc.oneof(
  fc.constantFrom(
    ...Object.values(jsonAliases).flat(),
    "event_name",
    "text.x",
    "invalid.a",
    "_time",
    "",
    "service",
    ...severityNumberKeys,
  ),
  fc.constantFrom(
    "http.route",
    "http.response.status_code",
    "http.request.method",
    "duration_s",
    "error",
    "log",
  ),
  word,
  oddText,
);
const number = fc.oneof(
  fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  fc.integer({ min: -9_999, max: 9_999 }).map((thousandths) => thousandths / 1000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const leaf = fc.oneof(
  oddText,
  number,
  largeInteger,
  fc.boolean(),
  fc.constant(null),
  time,
  level,
  fc.constantFrom("http.server.request", "shop.order", "fluentd"),
);
const object = fc.dictionary(
  key,
  fc.oneof(
    { weight: 5, arbitrary: leaf },
    { weight: 1, arbitrary: fc.dictionary(key, leaf, { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.array(fc.oneof(oddText, number, largeInteger), { maxLength: 2 }) },
  ),
  { maxKeys: 8 },
);
const jsonLine = object.map((one) => JSON.stringify(one).replace(/"@@(-?\d+)"/g, "$1"));

const sampleLines = Object.values(formatSamples).flatMap((samples) =>
  samples.flatMap(({ record }) => record.split("\n")),
);
/** A line of a known format with a character put in, taken out, or the end cut off. */
const changedSample = fc
  .tuple(
    fc.constantFrom(...sampleLines),
    fc.nat(),
    fc.constantFrom("put", "take", "cut", "keep"),
    fc.constantFrom(...oddCharacters),
  )
  .map(([line, at, change, character]) => {
    const characters = [...line];
    const place = characters.length === 0 ? 0 : at % characters.length;
    if (change === "put") characters.splice(place, 0, character);
    if (change === "take") characters.splice(place, 1);
    if (change === "cut") characters.splice(place);
    return characters.join("");
  });

const tracebackLine = fc.constantFrom(
  "Traceback (most recent call last):",
  '  File "a.py", line 1, in f',
  "    f()",
  "ValueError: bad",
  "pkg.NotFound: 404",
  "KeyboardInterrupt",
  "",
  "During handling of the above exception, another exception occurred:",
  "  + Exception Group Traceback (most recent call last):",
  "  | ExceptionGroup: many",
  "java.lang.IllegalStateException: boom",
  "\tat a.B.c(B.java:1)",
  "Caused by: java.io.IOException: disk",
  "[rank0]: Traceback (most recent call last):",
  '[rank0]:   File "a.py", line 1, in f',
  "[rank0]: ValueError: bad",
  "{",
  '  "message": "printed"',
  "}",
  "]),",
  '"""',
  "multiprocessing.pool.RemoteTraceback: ",
  "The above exception was the direct cause of the following exception:",
  "SyntaxError: invalid syntax",
  "Exception in thread Thread-1 (f):",
  "Fatal Python error: Segmentation fault",
  "RuntimeError: printed",
  "Killed",
  "\x1b[1m5/10\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\b\b\r\x1b[1m6/10\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m",
  "12it [00:05, 1.0it/s]",
  " 50%|#####     | 5/10",
  "\r 10%|#  | 1/10\r 20%|##  | 2/10",
);

/** Lines as applications write them, and as none should. */
export const line = fc
  .oneof(
    { weight: 4, arbitrary: logLine },
    { weight: 3, arbitrary: accessLine },
    { weight: 4, arbitrary: jsonLine },
    { weight: 5, arbitrary: changedSample },
    { weight: 3, arbitrary: tracebackLine },
    { weight: 1, arbitrary: oddText },
  )
  .map((text) => text.replaceAll("\n", " "));
