import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assembleImages } from "../../local/images/assemble";
import { localImages } from "../../local/images/localImages";
import { run } from "../../local/processes";

// Each assembled image's program is started as a container of the platform starts it: as its user, without capabilities,
// on a read-only root, with empty folders that are open to all. Everything is in namespaces that end with the program.

const config = (archive: Record<string, unknown>) =>
  archive as { config: { Env: string[]; Entrypoint: string[]; Cmd?: string[]; WorkingDir?: string } };
const skip =
  process.platform !== "linux" || process.getuid?.() !== 0 ? "starting an image needs root on Linux" : false;

const inContainer = `
set -eu
root=$1 user=$2 folders=$3
shift 3
ip link set lo up 2>/dev/null || true
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in $folders; do mount -t tmpfs -o mode=0777 empty "$root$folder"; done
# This shell is the first process of the namespace, and ends the others with itself.
chroot --userspec="$user" --groups= "$root" /usr/bin/env -i "$@"
`;

let directory: string;
let archives: Map<string, string>;
before(async () => {
  if (skip !== false) return;
  directory = await mkdtemp(join(tmpdir(), "image-"));
  const assembled = await assembleImages(localImages, () => undefined);
  archives = new Map(assembled.map(({ image, archive }) => [image.replace(/:[^:/]*$/, ""), archive]));
});
after(async () => {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

interface Start {
  user: string;
  /** Folders that the pod mounts empty. */
  folders?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** In place of the image's own command; after its entrypoint. */
  args?: readonly string[];
  /** A shell script in place of all of it. */
  script?: string;
}

/** Unpack an image, start it, and return what it printed. */
async function start(image: string, { user, folders = [], env = {}, args, script }: Start): Promise<string> {
  const archive = archives.get(image) ?? assert.fail(`${image} was not assembled`);
  const layout = join(directory, "layout");
  const root = join(directory, "root");
  for (const folder of [layout, root]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  }
  const tar = async (...options: string[]): Promise<void> => {
    const { code, stderr } = await run("tar", options);
    assert.equal(code, 0, stderr);
  };
  await tar("-xf", archive, "-C", layout);
  const read = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as Record<string, unknown>;
  const blob = ({ digest }: { digest: string }): string => `blobs/${digest.replace(":", "/")}`;
  const [entry] = (await read("index.json")).manifests as [{ digest: string }];
  const manifest = await read(blob(entry));
  for (const layer of manifest.layers as { digest: string }[]) {
    await tar("-xzf", join(layout, blob(layer)), "-C", root);
  }
  const {
    Env,
    Entrypoint,
    Cmd = [],
    WorkingDir = "/",
  } = config(await read(blob(manifest.config as { digest: string }))).config;
  const command = script === undefined ? [...Entrypoint, ...(args ?? Cmd)] : ["sh", "-c", script];
  await writeFile(join(directory, "start.sh"), inContainer);
  const { stdout, stderr } = await run(
    "unshare",
    [
      ...["--mount", "--pid", "--net", "--fork", "--kill-child", "sh", join(directory, "start.sh")],
      ...[root, user, ["/tmp", ...folders].join(" ")],
      ...[...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      ...["sh", "-c", `cd ${WorkingDir} && exec "$@"`, "sh", ...command],
    ],
    { timeoutMs: 60_000 },
  );
  return stdout + stderr;
}

describe("assembled images", { skip }, () => {
  const versions: readonly (readonly [image: string, start: Start, printed: RegExp])[] = [
    ["node", { user: "1000:1000", args: ["--version"] }, /^v22\./],
    ["telegraf", { user: "999:999", args: ["telegraf", "--version"] }, /^Telegraf/],
    // The script that reads inodes runs it.
    ["telegraf", { user: "999:999", args: ["curl", "--version"] }, /^curl \d/],
    ["prom/alertmanager", { user: "65534:65534", args: ["--version"] }, /^alertmanager, version v?0\./],
    ["influxdb", { user: "1000:1000", args: ["influx", "version"] }, /^Influx CLI/],
  ];
  for (const [image, how, printed] of versions) {
    test(`${image} starts ${how.args?.[0] ?? ""}`, async () =>
      assert.match(await start(image, how), printed));
  }

  test("InfluxDB is set up at its first start, once, and the CLI is logged in", async () => {
    const env = {
      DOCKER_INFLUXDB_INIT_MODE: "setup",
      DOCKER_INFLUXDB_INIT_USERNAME: "admin",
      DOCKER_INFLUXDB_INIT_PASSWORD_FILE: "/tmp/password",
      DOCKER_INFLUXDB_INIT_ADMIN_TOKEN: "a-token",
      DOCKER_INFLUXDB_INIT_ORG: "an-organization",
      DOCKER_INFLUXDB_INIT_BUCKET: "a-bucket",
      INFLUXD_SQLITE_PATH: "/var/lib/influxdb2/influxd.sqlite",
    };
    const script = `
      printf secret-password > /tmp/password
      for time in first second; do
        /entrypoint.sh influxd --log-level error & server=$!
        # On its own port nothing answers before the setup has ended.
        for attempt in 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9; do influx ping --host http://localhost:8086 >/dev/null 2>&1 && break; sleep 0.5; done
        echo "$time: $(influx bucket list --hide-headers | cut -f2 | tr '\\n' ' ')"
        kill $server; wait $server || true
      done`;
    const folders = ["/var/lib/influxdb2", "/etc/influxdb2"];
    const printed = await start("influxdb", { user: "1000:1000", folders, env, script });
    for (const time of ["first", "second"])
      assert.match(printed, new RegExp(`^${time}: .*\\ba-bucket\\b`, "m"));
  });

  test("Fluentd reads its configuration as its user, and ends when it is asked to", async (context) => {
    if (!archives.has("fluent/fluentd")) return context.skip("no Fluentd on this machine");
    const script = `
      printf '<source>\\n@type sample\\ntag t\\n</source>\\n<match t>\\n@type stdout\\n</match>\\n' > /tmp/fluent.conf
      /bin/entrypoint.sh fluentd --config /tmp/fluent.conf & server=$!
      sleep 6; kill $server; wait $server || true`;
    const env = { TMPDIR: "/dev/shm" };
    const printed = await start("fluent/fluentd", { user: "999:999", env, script });
    assert.match(printed, / t: \{"message":"sample"\}/);
    assert.match(printed, /Worker 0 finished with status 0/);
  });

  test("the pipeline's first step and the API's code run with their packages", async () => {
    const env = {
      WORK_DIR: "/tmp/work",
      MODEL_DIR: "/tmp/models",
      LOG_DIR: "/tmp/logs",
      YEAR: "2009",
      PIPELINE_RUN_ID: "r",
    };
    const script =
      "mkdir /tmp/work /tmp/models /tmp/logs && python -m penguins load && wc -l < /tmp/work/raw.csv";
    // The Palmer penguins of 2009, by the data's own documentation, and a line of names.
    assert.match(
      await start("localhost:5000/penguins-pipeline", { user: "10001:10001", env, script }),
      /^121$/m,
    );
    const api = { user: "10001:10001", args: ["--check-config", "penguins_api:create_app()"], env };
    assert.doesNotMatch(await start("localhost:5000/penguins-api", api), /Error/);
  });
});
