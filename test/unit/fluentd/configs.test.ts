import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAggregatorConfig } from "../../../components/fluentd/aggregatorConfig";
import { environmentVariable, section, writeConfig } from "../../../components/fluentd/fluentdConfig";
import { renderSidecarConfig, type SidecarConfigOptions } from "../../../components/fluentd/sidecarConfig";
import type { LogSource } from "../../../contract/formats";

const options: SidecarConfigOptions = {
  service: { name: "churn-api", environment: "test" },
  aggregator: { host: "fluentd-aggregator.monitoring.svc", port: 24224 },
};

const withSources = (sources: LogSource[]) => renderSidecarConfig({ ...options, sources });

test("values are quoted where Fluentd needs it, and only environment variables are evaluated", () => {
  const config = writeConfig([
    section(
      "match **",
      { plain: "a.b", quoted: "it's #{x} \\n", secret: environmentVariable("KEY"), number: 3 },
      [section("buffer", {})],
    ),
  ]);
  assert.equal(
    config,
    `<match **>
  plain a.b
  quoted 'it\\'s #{x} \\\\n'
  secret "#{ENV.fetch('KEY')}"
  number 3
  <buffer>
  </buffer>
</match>
`,
  );
});

test("no secret is in a configuration", () => {
  const files = {
    ...withSources([{}]),
    ...renderAggregatorConfig({ influxDbUrl: "http://influxdb:8086", environment: "test" }),
  };
  assert.match(files["fluent.conf"] ?? "", /password "#\{ENV\.fetch\('INFLUXDB_PASSWORD'\)\}"/);
  assert.match(
    renderSidecarConfig(options)["fluent.conf"] ?? "",
    /shared_key "#\{ENV\.fetch\('FLUENTD_SHARED_KEY'\)\}"/,
  );
});

test("a file that a source names is not read by the general source too", () => {
  const config = withSources([{}, { path: "train/*.log", format: "json" }])["fluent.conf"] ?? "";
  const general = config.split("</source>").find((source) => source.includes("tail_source0")) ?? "";
  assert.match(general, /exclude_path '[^']*"\/var\/log\/app\/train\/\*\.log"/);
  assert.match(general, /exclude_path '[^']*"\/var\/log\/app\/\*\*\/\*\.events\.log"/);
});

test("a sample that does not match stops the rendering, and says how far it matched", () => {
  const format = { regexp: "^(?<time>\\S+) (?<level>[A-Z]+) (?<body>.*)$", samples: ["12:00 info hello"] };
  assert.throws(
    () => withSources([{ format }]),
    (error: Error) =>
      error.message.startsWith("logs[0].format: samples[0] does not match") &&
      error.message.includes('"12:00 "'),
  );
});

for (const [what, source, message] of [
  ["an absolute path", { path: "/etc/passwd" }, /logs\[0\]\.path must be relative/],
  ["a path out of the folder", { path: "../x.log" }, /logs\[0\]\.path must be relative/],
  ["no named group", { format: { regexp: "^.*$", samples: ["x"] } }, /needs named groups/],
  ["a look-behind", { format: { regexp: "(?<=a)(?<body>.*)", samples: ["ab"] } }, /look-behind/],
  ["no sample", { format: { regexp: "(?<body>.*)", samples: [] } }, /at least one line/],
  ["a broken expression", { format: { regexp: "(?<body>.*", samples: ["x"] } }, /not a regular expression/],
  [
    "a start that doesn't match",
    { format: { regexp: "(?<body>.*)", multilineStart: "^>", samples: ["x"] } },
    /multilineStart does not match/,
  ],
] as [string, LogSource, RegExp][]) {
  test(`${what} is refused`, () => assert.throws(() => withSources([source]), message));
}

test("the aggregator keeps what InfluxDB refuses, and retries what may pass", () => {
  const config =
    renderAggregatorConfig({ influxDbUrl: "http://influxdb:8086/", environment: "test" })["fluent.conf"] ??
    "";
  assert.match(config, /endpoint 'http:\/\/influxdb:8086\/write\?db=monitoring&rp=events&precision=ns'/);
  assert.match(config, /retryable_response_codes [^\n]*401/);
  assert.match(config, /refused_path \/fluentd\/data\/dead-letters/);
});
