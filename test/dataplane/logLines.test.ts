import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sleep } from "../../local/processes";
import { LogPathFixture, requestLine, scopeOf } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

// What people met with other log paths, through the real Fluentd and InfluxDB; the sources are in the titles.

const scope = scopeOf(after);
let path: LogPathFixture | undefined;
let missing: string | false = false;
before(async () => {
  missing = await missingFluentd();
  if (missing === false) path = await LogPathFixture.start(scope);
});

function lineTest(name: string, body: (path: LogPathFixture) => Promise<void>): void {
  test(name, { timeout: 120_000 }, async (t) => {
    if (path === undefined) t.skip(String(missing));
    else await body(path);
  });
}

const write = (file: string, text: string) => appendFileSync(join(path?.logPath ?? "", file), text);

/** Texts of a measurement's field whose points are of that file. */
async function texts(measurement: string, field: string, where = ""): Promise<string[]> {
  const rows = await path?.database.client.influxql(
    `SELECT "${field}" AS text, service FROM "events"."${measurement}" ${where} ORDER BY time`,
  );
  return (rows ?? []).map(({ text }) => String(text)).filter((text) => text !== "" && text !== "undefined");
}

async function counted(what: string, expected: number, count: () => Promise<number>): Promise<void> {
  let last = 0;
  await waitFor(`${expected} ${what}`, 60_000, async () =>
    (last = await count()) >= expected ? true : undefined,
  );
  await path?.settle();
  last = await count();
  assert.equal(last, expected, what);
}

lineTest(
  "no line that begins no record is lost (fluentd-docs #466 #655, tqdm #1319, determined-ai #3945)",
  async () => {
    const traceback = (error: string) =>
      `Traceback (most recent call last):\n  File "train.py", line 9, in <module>\n    fit()\n${error}\n`;
    write("crash.log", traceback("ModuleNotFoundError: No module named 'missing'"));
    write("stdout.0.log", "epoch 1 done\n");
    await sleep(2_000);
    write("stdout.0.log", traceback("ValueError: bad data"));
    await sleep(1_500);
    write(
      "stdout.0.log",
      "\r  0%|          | 0/10 [00:00<?, ?it/s]\r 50%|#####     | 5/10\r100%|##########| 10/10 [00:10<00:00]\n",
    );
    await sleep(1_500);
    write("stdout.0.log", "              precision    recall\n\n           a       0.90      0.80\n");
    await sleep(1_500);
    write("stdout.0.log", "done\n");
    await counted("unparsed lines", 3, async () => (await texts("log.unparsed", "body")).length);
    assert.deepEqual((await texts("log", "exception.type")).sort(), ["ModuleNotFoundError", "ValueError"]);
    assert.deepEqual(
      (await texts("log.unparsed", "body")).map((text) => text.split("\u2028")[0]?.trim()),
      ["epoch 1 done", "precision    recall", "done"],
    );
    assert.equal((await texts("log", "body")).filter((text) => text.startsWith("100%|")).length, 1);
  },
);

lineTest(
  "alike lines are counted each, across files and out of order (fluent-bit #3673, fluent-plugin-influxdb #87)",
  async () => {
    const second = new Date(Date.now() - 60_000).toISOString().slice(0, 19);
    const [date = "", clock = ""] = second.split("T");
    const [year, , day] = date.split("-");
    const month = new Date(second).toLocaleString("en", { month: "short", timeZone: "UTC" });
    const access = `10.0.0.7 - - [${day}/${month}/${year}:${clock} +0000] "GET /alike HTTP/1.1" 200 12 "-" "curl/8.5"\n`;
    for (const file of ["worker-a-access.log", "worker-b-access.log"]) write(file, access.repeat(10));
    const lines = ["100", "101", "100", "101", "100"].map(
      (ms) => `${date} ${clock},${ms} INFO retry: connection lost\n`,
    );
    for (const file of ["threads.log", "threads2.log"]) write(file, lines.join(""));
    const nanoseconds = `{"timestamp":"${second}.123456789Z","message":"nanoseconds"}\n`;
    for (const file of ["nano.log", "nano2.log"]) write(file, nanoseconds.repeat(10));
    await counted(
      "requests",
      20,
      async () =>
        (await texts("http.server.request", "http.response.status_code", "WHERE route = '/alike'")).length,
    );
    await counted(
      "lines",
      10,
      async () => (await texts("log", "body")).filter((text) => text === "connection lost").length,
    );
    await counted(
      "lines of nanoseconds",
      20,
      async () => (await texts("log", "body")).filter((text) => text === "nanoseconds").length,
    );
  },
);

lineTest("no line decides the type of a field that others write", async () => {
  write("odd.log", '{"message":"odd","text":{"foo":5},"invalid":{"timestamp":3},"contract":{"missing":1}}\n');
  write("odd.log", '{"event_name":"http_response","result_code":"x","value":1}\n');
  await sleep(3_000);
  for (let index = 0; index < 100; index++) {
    write(
      "innocent.log",
      `{"message":"innocent","foo":"bar${index}"}\n{"message":"innocent","time":"yesterday"}\n`,
    );
  }
  await counted(
    "innocent lines",
    200,
    async () => (await texts("log", "body")).filter((text) => text === "innocent").length,
  );
  assert.equal((await path?.deadLetters())?.length, 0);
});

lineTest("a node's clock that steps back an hour costs no line (nats-streaming-server #233)", async () => {
  const now = Date.now();
  const lines = Array.from({ length: 1_000 }, (_, index) =>
    requestLine(index, index < 500 ? now : now - 3_600_000),
  );
  write("clock.events.log", lines.join(""));
  await counted("requests", 1_000, () => path?.count() ?? Promise.resolve(0));
});

lineTest("the last line without a line break is delivered when the pod is stopped", async (fixture) => {
  write("end.log", "INFO:root:first\nINFO:root:last words");
  await sleep(2_000);
  await fixture.sidecar.stop(25_000);
  await counted(
    "last words",
    1,
    async () => (await texts("log", "body")).filter((text) => text === "last words").length,
  );
  await fixture.restartSidecar();
});
