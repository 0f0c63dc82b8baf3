import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readRecord } from "../../../contract/readRecord";
import { contractFiles, rubyFile } from "../../../components/fluentd/contractFiles";
import { corpus, hostileLines } from "../contract/corpus";

const noRuby =
  spawnSync("ruby", ["--version"]).status !== 0 &&
  "ruby is not on PATH: the code that Fluentd loads did not run";

const folder = mkdtempSync(join(tmpdir(), "ruby-contract-"));
after(() => rmSync(folder, { recursive: true }));

const defaults = { "service.name": "svc", "deployment.environment.name": "test" };
for (const [name, content] of Object.entries(contractFiles(defaults, { auto: "auto" }))) {
  writeFileSync(join(folder, name), content);
}

/** Lines through the Ruby code: their events, and the points made of those. */
function readByRuby(
  lines: readonly Buffer[],
): { event: Record<string, string | number> | null; point: string }[] {
  const program = `
    require "base64"
    require ${JSON.stringify(join(folder, rubyFile))}
    JSON.parse($stdin.read).each do |line|
      event = LogContract.normalise(Base64.decode64(line), Time.at(1_800_000_000, 5, :nsec), "/logs/app.1.log", "auto")
      puts JSON.generate({ event: event, point: LogContract.point(event) })
    end`;
  const result = spawnSync("ruby", ["-e", program], {
    input: JSON.stringify(lines.map((line) => line.toString("base64"))),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ReturnType<typeof readByRuby>[number]);
}

const one = (line: string) => {
  const [read] = readByRuby([Buffer.from(line)]);
  assert.ok(read);
  return read;
};

test("reads the corpus as check-logs does", { skip: noRuby }, () => {
  const read = readByRuby(corpus.map(({ record }) => Buffer.from(record)));
  corpus.forEach(({ record, event }, index) => {
    assert.equal(read[index]?.event?.event_name, event, record);
    assert.equal(readRecord(record).event, event, record);
  });
});

test("a time that is none of this century is kept as text: 64 bits may not hold it", { skip: noRuby }, () => {
  const readAt = 1_800_000_000_000_000_000;
  for (const timestamp of ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]) {
    const { event } = one(JSON.stringify({ timestamp, message: "hello" }));
    assert.equal(event?.["invalid.timestamp"], timestamp);
    assert.ok(Math.abs(Number(event.time_unix_nano) - readAt) < 1_000_000_000, timestamp);
  }
  const { event } = one(JSON.stringify({ time_unix_nano: 1e30, message: "hello" }));
  assert.equal(event?.["attributes.time_unix_nano"], 1e30);
  assert.ok(Math.abs(Number(event.time_unix_nano) - readAt) < 1_000_000_000);
});

test("every hostile line becomes exactly one point, and none becomes another's", { skip: noRuby }, () => {
  const read = readByRuby(hostileLines.map(({ bytes }) => bytes));
  assert.equal(read.length, hostileLines.length);
  read.forEach(({ point }, index) => {
    const name = hostileLines[index]?.name;
    assert.doesNotMatch(point, /[\n\r\0]/, name);
    assert.match(point, /^[a-z._]+,environment=test,/, name);
    assert.doesNotMatch(point, /^injected/, name);
    assert.ok(Buffer.byteLength(point) < 64 * 1024, name);
  });
});

test("nanoseconds stay; what a coarser time leaves open comes from the line", { skip: noRuby }, () => {
  const line = (time: string, body: string) => `{"timestamp":"${time}","event_name":"log","body":"${body}"}`;
  const fine = one(line("2026-01-06T17:44:13.368024402+02:00", "a")).event;
  assert.equal(BigInt(String(fine?.time_unix_nano ?? 0)) / 1000n, 1767714253368024n);
  const coarse = ["a", "b", "a"].map((body) => Buffer.from(line("2026-01-06T17:44:13.368Z", body)));
  const points = readByRuby(coarse).map(({ point }) => BigInt(point.split(" ").at(-1) ?? 0));
  assert.equal(new Set(points).size, 3);
  for (const point of points) assert.equal(point / 1_000_000n, 1767721453368n);
  assert.deepEqual(
    readByRuby(coarse).map(({ point }) => BigInt(point.split(" ").at(-1) ?? 0)),
    points,
  );
});

test("a traceback is taken apart", { skip: noRuby }, () => {
  const { event } = one(
    'ERROR:root:failed\nTraceback (most recent call last):\n  File "x.py", line 1\npkg.CustomError: no rows',
  );
  assert.equal(event?.body, "failed");
  assert.equal(event?.["exception.type"], "pkg.CustomError");
  assert.equal(event?.["exception.message"], "no rows");
  assert.match(String(event?.["exception.stacktrace"]), /^Traceback/);
});

test("paths become routes: no id is a tag", { skip: noRuby }, () => {
  const { event } = one(
    'INFO:     127.0.0.1:1 - "GET /users/4711/orders/6f1c2ab09d?x=1 HTTP/1.1" 404 Not Found',
  );
  assert.equal(event?.["http.route"], "/users/{id}/orders/{id}");
  assert.equal(event?.["http.response.status_class"], "4xx");
});

test("a key of one's own never changes its type", { skip: noRuby }, () => {
  assert.match(one('{"event_name":"log","body":"x","code":5}').point, /,code=5\.0| code=5\.0/);
  assert.match(one('{"event_name":"log","body":"x","code":"five"}').point, /text\.code="five"/);
  assert.match(one('{"event_name":"log","body":"x","code":true}').point, /code=1\.0/);
});

test("a wrong value is kept under invalid.*, a missing key is named", { skip: noRuby }, () => {
  const { event } = one(
    '{"event_name":"http.server.request","http.response.status_code":"many","http.request.method":"GET"}',
  );
  assert.equal(event?.["invalid.http.response.status_code"], "many");
  assert.equal(event?.["contract.missing"], "http.route, http.response.status_code");
});

test(
  "what points are made of is remembered up to a bound, and a forgotten value is written alike",
  { skip: noRuby },
  () => {
    const program = `
    require ${JSON.stringify(join(folder, rubyFile))}
    event = { "event_name" => "log", "service.name" => "a b", "body" => "x", "time_unix_nano" => 1 }
    first = LogContract.point(event)
    25_000.times { |index| LogContract.point({ "event_name" => "e#{index}", "service.name" => "s#{index}", "k#{index}" => 1.0 }) }
    sizes = %i[@measurements @field_keys].map { |name| LogContract.instance_variable_get(name).size }
    sizes << LogContract.instance_variable_get(:@tag_pairs).sum { |_, pairs| pairs.size }
    puts JSON.generate({ first: first, again: LogContract.point(event), largest: sizes.max, bound: LogContract::MAX_REMEMBERED })`;
    const result = spawnSync("ruby", ["-e", program], { encoding: "utf8" });
    assert.equal(result.status, 0, result.stderr);
    const { first, again, largest, bound } = JSON.parse(result.stdout) as Record<string, string | number>;
    assert.equal(first, 'log,environment=test,service=a\\ b body="x" 1');
    assert.equal(again, first);
    assert.ok(Number(largest) > 1_000 && Number(largest) <= Number(bound) + 10, `${largest} of ${bound}`);
  },
);

test("files of refused points go when they are old, many, or read", { skip: noRuby }, () => {
  one("loads the code");
  const program = `
    require "fileutils"
    require ${JSON.stringify(join(folder, rubyFile))}
    def file(path, bytes, age)
      FileUtils.mkdir_p(File.dirname(path))
      File.write(path, "x" * bytes)
      File.utime(Time.now - age, Time.now - age, path)
      path
    end
    left = ->(directory) { Dir.children(directory).sort }
    file("dead/old", 1, 1000); file("dead/first", 60, 30); file("dead/second", 60, 20); file("dead/third", 30, 10)
    raise "the point" unless LogContract.keep_files("p", "dead", 900, 100) == "p"
    puts left.("dead").join(",")
    file("dead/fourth", 500, 900)
    LogContract.keep_files("p", "dead", 900, 100)
    puts left.("dead").join(",")

    file("retry/whole", 16, 90); file("retry/fresh", 16, 0); file("retry/half", 16, 90); file("retry/unknown", 16, 90)
    file("retry/again", 16, 90)
    gone = "f" * 16
    positions = { "whole" => "10", "fresh" => "10", "half" => "08", "again" => gone }
    lines = positions.map { |name, position| "retry/#{name}\\t#{position}\\t01\\n" }
    File.write("retry.pos", lines.join + "retry/again\\t0000000000000000\\t02\\n")
    LogContract.drop_read("p", "retry")
    puts left.("retry").join(",")
    LogContract.drop_read("p", "absent")`;
  const result = spawnSync("ruby", ["-e", program], { cwd: folder, encoding: "utf8" });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(result.stdout.trimEnd().split("\n"), [
    "second,third",
    // It looks once a minute.
    "fourth,second,third",
    "again,fresh,half,unknown",
  ]);
});
