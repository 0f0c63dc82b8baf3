import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { dayOf, startOf } from "../../components/influxdb/archive/days";
import { emptyManifest, type Manifest } from "../../components/influxdb/archive/manifest";
import { influxDesiredState } from "../../components/influxdb/desiredState";
import { repositoryRoot } from "../../local/paths";
import { type Finished, run } from "../../local/processes";
import { resolveTool } from "../../local/tools/resolve";
import { passwords, startTestDatabase, type TestDatabase } from "./support/database";
import { waitFor } from "./support/waitFor";

describe("the archive of a real InfluxDB's raw events", () => {
  let directory: string;
  let database: TestDatabase;
  let influx: string;
  before(async () => {
    influx = (await resolveTool("influx")).path;
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-archive-"));
    database = await startTestDatabase();
    await database.reconcile({ ...influxDesiredState({ archive: true }), tasks: [] });
  });
  after(async () => {
    await database.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const login = { username: "archive", password: passwords.INFLUXDB_ARCHIVE_PASSWORD };
  const today = startOf(dayOf(Date.now() / 1000));
  /** The day so many days ago. */
  const day = (ago: number) => dayOf(today - ago * 86_400);
  /** A time in it, in nanoseconds. */
  const time = (ago: number, nanoseconds = 0n) => BigInt(today - ago * 86_400) * 1_000_000_000n + nanoseconds;
  const folder = (of: string) => join(directory, "events", of);
  const manifest = async (of: string) =>
    JSON.parse(await readFile(join(folder(of), "manifest.json"), "utf8")) as Manifest;
  const environment = (more: Record<string, string> = {}) => ({
    INFLUXDB_URL: database.influxd.url,
    INFLUXDB_USERNAME: login.username,
    INFLUXDB_PASSWORD: login.password,
    ARCHIVE_DIRECTORY: directory,
    ARCHIVE_RETENTION_DAYS: "14",
    ...more,
  });
  const archive = (more: Record<string, string> = {}, onStart?: (pid: number) => void): Promise<Finished> =>
    run(process.execPath, [join(repositoryRoot, "dist", "archive.js")], {
      env: environment(more),
      timeoutMs: 120_000,
      onStart,
    });

  /** Restores files as docs/metrics.md says, into a bucket of that name. */
  async function restore(bucket: string, files: readonly string[]): Promise<void> {
    const { token, url } = database.influxd;
    const connection = ["--host", url, "--token", token, "--org", "ds-monitoring"];
    const env = { PATH: process.env.PATH, INFLUX_CONFIGS_PATH: join(directory, "influx-configs") };
    const created = await run(influx, ["bucket", "create", "--name", bucket, ...connection], { env });
    assert.equal(created.code, 0, created.stderr);
    const plain = files.filter((file) => !file.endsWith("+breaks.lp.gz"));
    const written = await run(
      influx,
      [
        ...["write", "--bucket", bucket, "--precision", "ns", "--compression", "gzip", ...connection],
        ...plain.flatMap((file) => ["--file", file]),
      ],
      { env },
    );
    assert.equal(written.code, 0, written.stderr);
    for (const file of files.filter((one) => !plain.includes(one))) {
      const query = new URLSearchParams({ org: "ds-monitoring", bucket, precision: "ns" });
      const response = await fetch(`${url}/api/v2/write?${query.toString()}`, {
        method: "POST",
        headers: { authorization: `Token ${token}`, "content-encoding": "gzip" },
        body: await readFile(file),
      });
      assert.equal(response.status, 204, await response.text());
    }
  }

  /** InfluxDB's own words on a question. */
  async function answer(query: string, of = "monitoring"): Promise<string> {
    const response = await database.client.tryInfluxql(query, of);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  }

  /** All points of a day in a retention policy, each series with its tags, times to the nanosecond. */
  const pointsOf = (of: string, retentionPolicy: string, name?: string) => {
    const time = `time >= ${startOf(of)}s AND time < ${startOf(of) + 86_400}s`;
    return answer(`SELECT *::field FROM "${retentionPolicy}"./.*/ WHERE ${time} GROUP BY *`, name);
  };

  /** `measurement field type` of a database. */
  async function typesOf(retentionPolicy: string, name?: string): Promise<string[]> {
    const text = await answer(`SHOW FIELD KEYS FROM "${retentionPolicy}"./.*/`, name);
    const { results } = JSON.parse(text) as {
      results: { series: { name: string; values: [string, string][] }[] }[];
    };
    return (results[0]?.series ?? []).flatMap((series) =>
      series.values.map((value) => JSON.stringify([series.name, ...value])),
    );
  }

  const hostile = [
    `plain,service=a,environment=test duration_s=0.25,status=200 ${time(1, 1n)}`,
    `plain,service=a,environment=test duration_s=0.25,status=200 ${time(1, 2n)}`,
    `plain,service=a,environment=test duration_s=1e300,status=-0.0 ${time(1, 86_399_999_999_999n)}`,
    `plain,service=b duration_s=123456789.123456789,whole=5i,big=-9223372036854775807i ${time(1, 3n)}`,
    `plain,service=b whole=9007199254740993i,unsigned=18446744073709551615u,yes=true,no=false ${time(1, 4n)}`,
    `plain,service=b unsigned=7u,text="" ${time(1, 5n)}`,
    `plain same=1,text="tag and field" ${time(1, 6n)}`,
    `plain,same=tag same=2 ${time(1, 7n)}`,
    `texts text="commas, spaces and = signs, \\"quotes\\", back\\\\slash, \\\\" ${time(1, 1n)}`,
    `texts text="grüße 你好 🦊\u2028\u0001\u007f" ${time(1, 2n)}`,
    `texts text="line\nbreak\n\n\ntwo empty\n" ${time(1, 3n)}`,
    `texts text="injected\nplain,service=evil duration_s=1 ${time(1)}\n",more=1 ${time(1, 4n)}`,
    `texts text="carriage\r\nreturn" ${time(1, 5n)}`,
    `texts text="# no comment" ${time(1, 6n)}`,
    `texts,tag=a\\ b\\,c\\=d,ke\\ y\\,s\\==v fie\\ l\\,d\\==1 ${time(1, 1n)}`,
    `texts,tag=back\\slash,ünï=cödé text="t" ${time(1, 1n)}`,
    `texts,tag=back\\\\,slash text="t" ${time(1, 2n)}`,
    `Mea\\ sure\\,ment=/../.. text="path" ${time(1, 1n)}`,
    `mea\\ sure\\,ment=/../.. text="differs in case only" ${time(1, 1n)}`,
    `"quoted"\\name value=1 ${time(1, 1n)}`,
    `${"long".repeat(60)} value=1 ${time(1, 1n)}`,
  ];

  /** Random names, tags and texts of the characters that matter. */
  function random(count: number): string[] {
    let seed = 20_261_125;
    const next = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    const text = (alphabet: string) =>
      Array.from({ length: 1 + next(6) }, () => [...alphabet][next([...alphabet].length)]).join("");
    const special = "a1 ,=\\#é";
    const escaped = (raw: string) => raw.replace(/[,= ]/g, "\\$&").replace(/\\+$/, "");
    const names = Array.from({ length: 9 }, () => escaped(`m${text(special)}`));
    return Array.from({ length: count }, (_, index) => {
      const name = names[index % names.length];
      const tag = escaped(`t${text(special)}`);
      const value = escaped(`v${text(special)}`);
      const field = escaped(`f${text(special)}`);
      const string = text(`${special}"\n\r`).replace(/["\\]/g, "\\$&");
      return `${name},${tag}=${value} ${field}="${string}" ${time(1, BigInt(1000 + index))}`;
    });
  }

  it("catches up missed days, and restores exactly the same points, types and nanoseconds", async () => {
    const requests = (ago: number) =>
      Array.from(
        { length: 3000 },
        (_, i) =>
          `http.server.request,service=s${i % 3} duration_s=${i / 10} ${time(ago, BigInt(i) * 28_000_000_001n)}`,
      );
    for (const line of hostile) {
      const response = await database.client.tryWrite([line], "events");
      assert.equal(response.status, 204, `${line}: ${await response.text()}`);
    }
    let taken = 0;
    for (const line of random(300)) {
      const { status } = await database.client.tryWrite([line], "events");
      // InfluxDB refuses some mixtures of backslashes and commas in names.
      assert.ok(status === 204 || status === 400, `${line}: ${status}`);
      if (status === 204) taken += 1;
    }
    assert.ok(taken > 250, `${taken} of 300 random points`);
    for (const ago of [2, 3]) await database.client.write(requests(ago));
    await database.client.write([`texts,"tag"=back\\\\,slash text="t" ${time(4)}`]);
    const result = await archive();
    assert.equal(result.code, 0, result.stderr);
    assert.match(
      result.stdout,
      new RegExp(`^${day(3)} http\\.server\\.request: 3000 points, \\d+ bytes$`, "m"),
    );

    assert.match(result.stdout, /^\S+ texts: 0 points, 0 bytes; LEFT OUT 1 points that line protocol/m);
    const { skipped } = (await manifest(day(4))).measurements["texts"] ?? {};
    assert.deepEqual(skipped, { points: 1, values: 1 });

    assert.equal((await readdir(join(directory, "events"))).length, 14, "days without events are days too");
    for (const ago of [1, 2, 3, 14]) {
      const { measurements, complete } = await manifest(day(ago));
      assert.equal(complete, true);
      for (const { files, points } of Object.values(measurements)) {
        for (const { name, sha256, bytes } of files) {
          const content = await readFile(join(folder(day(ago)), name));
          assert.equal(content.length, bytes);
          assert.equal(createHash("sha256").update(content).digest("hex"), sha256);
        }
        assert.equal(
          files.reduce((sum, file) => sum + file.points, 0),
          points,
        );
      }
    }
    const plain = (await manifest(day(1))).measurements["plain"];
    assert.ok(plain);
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(plain.fields).map(([name, { type, values }]) => [name, `${values} ${type}`]),
      ),
      {
        big: "1 integer",
        duration_s: "4 float",
        no: "1 boolean",
        same: "2 float",
        status: "3 float",
        text: "2 string",
        unsigned: "2 unsigned",
        whole: "2 integer",
        yes: "1 boolean",
      },
    );

    for (const ago of [1, 3]) {
      const files = (await readdir(folder(day(ago)))).filter((file) => file.endsWith(".lp.gz"));
      const bucket = `restored-${ago}`;
      await restore(
        bucket,
        files.map((file) => join(folder(day(ago)), file)),
      );
      const original = await pointsOf(day(ago), "events");
      assert.ok(original.length > 20_000, "there is something to compare");
      assert.equal(await pointsOf(day(ago), "autogen", bucket), original);
      const types = new Set(await typesOf("events"));
      assert.deepEqual(
        (await typesOf("autogen", bucket)).filter((type) => !types.has(type)),
        [],
      );
    }
  });

  it("exports again only what has grown, and never replaces a file by a smaller one", async () => {
    const quiet = await archive();
    assert.equal(quiet.code, 0, quiet.stderr);
    assert.equal(quiet.stdout, "0 exported, 0 days removed, 0 failed, 0 days lost\n");

    const file = (ago: number) => readFileSync(join(folder(day(ago)), "http.server.request.lp.gz"));
    const before = file(3);
    await database.client.write([`http.server.request,service=late duration_s=1 ${time(2, 7n)}`]);
    await database.api.request({
      method: "POST",
      path: "/api/v2/delete?org=ds-monitoring&bucket=events",
      body: {
        start: new Date(startOf(day(3)) * 1000).toISOString(),
        stop: new Date((startOf(day(3)) + 40_000) * 1000).toISOString(),
        predicate: '_measurement="http.server.request"',
      },
    });
    const result = await archive();
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, new RegExp(`^${day(2)} http\\.server\\.request: 3001 points`, "m"));
    assert.match(
      result.stdout,
      new RegExp(`^${day(3)} .*InfluxDB has \\d+ of 3000 values, what is archived stays$`, "m"),
    );
    assert.match(result.stdout, /^1 exported,/m);
    assert.ok(gunzipSync(file(2)).includes("service=late"));
    assert.deepEqual(file(3), before);
  });

  it("killed in the middle, leaves nothing that counts, and the next run makes it whole", async () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, i) =>
        `big,service=s${i % 7} request.id="${(i * 2_654_435_761) % 2 ** 32}",value=${i} ${time(5, BigInt(i) * 1_440_000_000n)}`,
    );
    await database.client.write(lines);
    const temporary = () =>
      (existsSync(folder(day(5))) ? readdirSync(folder(day(5))) : [])
        .filter((name) => /^big\.lp\.gz\..*\.tmp$/.test(name))
        .map((name) => join(folder(day(5)), name))[0];
    let pid = 0;
    const killed = archive({}, (id) => (pid = id));
    await waitFor("a part of the file", 60_000, () => {
      const path = temporary();
      return path !== undefined && statSync(path).size > 50_000 ? true : undefined;
    });
    process.kill(pid, "SIGKILL");
    assert.equal((await killed).code, null, "it was still at work");
    assert.ok(temporary());
    assert.equal(existsSync(join(folder(day(5)), "big.lp.gz")), false);
    assert.equal((await manifest(day(5))).measurements["big"], undefined);

    const result = await archive();
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(readdirSync(folder(day(5))).sort(), ["big.lp.gz", "manifest.json"]);
    assert.equal((await manifest(day(5))).measurements["big"]?.points, 60_000);
    const content = gunzipSync(await readFile(join(folder(day(5)), "big.lp.gz"))).toString();
    assert.deepEqual(content.trimEnd().split("\n").sort(), lines.sort());
  });

  it("reads with a user that may read the events, and nothing else", async () => {
    const own = database.client.as(login);
    const write = await own.tryWrite([`plain value=1 ${time(0)}`], "events");
    assert.ok([401, 403].includes(write.status), String(write.status));
    await database.client.write([`plain value=1 ${time(1)}`], "daily");
    assert.equal((await own.influxql(`SELECT count(*) FROM "events"."big"`)).length, 1);
    await assert.rejects(
      own.influxql(`SELECT * FROM "daily"."plain"`),
      /not authorized|unauthorized|forbidden|permission|not found/,
    );
    const api = await fetch(`${database.influxd.url}/api/v2/buckets`, {
      headers: { authorization: `Token ${login.username}:${login.password}` },
    });
    assert.equal(api.status, 401);
  });

  it("keeps what there is on a full volume, and says which setting to raise", async (test) => {
    const volume = join(directory, "small");
    await mkdir(volume);
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", volume]).catch(
      () => undefined,
    );
    if (mounted?.code !== 0) return test.skip("A FULL VOLUME IS NOT TESTED: this user may not mount a tmpfs");
    try {
      const result = await archive({ ARCHIVE_DIRECTORY: volume });
      assert.equal(result.code, 1);
      assert.match(
        result.stderr,
        /^error: the volume of the archive is full: raise archive\.storage\.size \(archive\.size/,
      );
      const left = readdirSync(join(volume, "events", day(5)));
      assert.deepEqual(left, [], "the file that did not fit is gone");
    } finally {
      await run("umount", [volume]);
    }
  });

  it("reports days once that expired before they were archived, and removes what is too old", async () => {
    for (const ago of [18, 20, 40]) {
      await mkdir(folder(day(ago)), { recursive: true });
      const complete = ago !== 18;
      const text = JSON.stringify({ ...emptyManifest(day(ago)), complete });
      await writeFile(join(folder(day(ago)), "manifest.json"), text);
    }
    const first = await archive({ ARCHIVE_KEEP_DAYS: "30" });
    assert.equal(first.code, 3, first.stderr);
    assert.equal(existsSync(folder(day(40))), false);
    assert.deepEqual(
      [...first.stderr.matchAll(/^error: (\S+) is lost/gm)].map(([, lost]) => lost),
      [19, 18, 17, 16, 15].map(day),
    );
    assert.match((await manifest(day(18))).lost ?? "", /^found expired at /);
    const second = await archive({ ARCHIVE_KEEP_DAYS: "30" });
    assert.equal(second.code, 0, second.stderr);
  });

  it("says what is wrong with its settings, its login and its folder", async () => {
    const missing = await archive({ INFLUXDB_USERNAME: "" });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /INFLUXDB_USERNAME is not set: a user that may read the bucket events/);
    const wrong = await archive({ ARCHIVE_KEEP_DAYS: "0" });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /ARCHIVE_KEEP_DAYS must be whole days, at least 1, got "0"/);
    const stranger = await archive({ INFLUXDB_PASSWORD: "wrong" });
    assert.equal(stranger.code, 1);
    assert.match(stranger.stderr, /status 401.*made by the Job influxdb-reconcile/);
    const absent = await archive({ INFLUXDB_URL: "http://127.0.0.1:9", INFLUXDB_READY_SECONDS: "2" });
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /InfluxDB at http:\/\/127\.0\.0\.1:9 was not ready within 2 s \(/);
    await writeFile(join(folder(day(2)), "manifest.json"), "{");
    const broken = await archive();
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /manifest\.json is no manifest of .* that this version can read/);
  });
});
