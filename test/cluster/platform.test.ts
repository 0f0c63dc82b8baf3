import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { CoreV1Api, Exec, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { readKubeconfig } from "../../local/cluster/cluster";
import { clusterDirectory } from "../../local/commands/localStack";
import { repositoryRoot } from "../../local/paths";
import { run } from "../../local/processes";
import { which } from "../../local/tools/resolve";
import { leftOf, machineState, whySkipped } from "./machine";

// `make up NODES=real`: the platform's own pods, from their images to the mail about a failed run.

const noFluentd =
  "SKIPPED: without a fluentd on PATH its image may be missing, and its pods would wait for it";

/** A connection that a pod tries: where the network policies let it, and where they must not. */
const flows: readonly { from: "penguins-api" | "grafana"; to: string; port: number; allowed: boolean }[] = [
  { from: "penguins-api", to: "fluentd-aggregator.monitoring.svc", port: 24224, allowed: true },
  { from: "penguins-api", to: "influxdb.monitoring.svc", port: 8086, allowed: false },
  { from: "penguins-api", to: "grafana.monitoring.svc", port: 3000, allowed: false },
  { from: "penguins-api", to: "alertmanager.monitoring.svc", port: 9093, allowed: false },
  { from: "penguins-api", to: "mail.mail.svc", port: 1025, allowed: false },
  { from: "penguins-api", to: "kubernetes.default.svc", port: 443, allowed: false },
  { from: "grafana", to: "influxdb.monitoring.svc", port: 8086, allowed: true },
  { from: "grafana", to: "alertmanager.monitoring.svc", port: 9093, allowed: true },
  { from: "grafana", to: "fluentd-aggregator.monitoring.svc", port: 24224, allowed: false },
  { from: "grafana", to: "penguins-api.penguins.svc", port: 8080, allowed: false },
  { from: "grafana", to: "mail.mail.svc", port: 1025, allowed: false },
];

const connectors = {
  "penguins-api": (to: string, port: number) => [
    "python",
    "-c",
    `import socket; socket.create_connection(("${to}", ${port}), 4); print("connected")`,
  ],
  grafana: (to: string, port: number) => [
    "node",
    "-e",
    `const s = require("net").connect(${port}, "${to}", () => { console.log("connected"); process.exit() }); setTimeout(() => process.exit(1), 4000)`,
  ],
};

describe("the platform on a real node", async () => {
  const skip = (await whySkipped()) ?? ((await which("fluentd")) === undefined ? noFluentd : false);
  let state: string;
  let output: string;
  let config: KubeConfig;
  let pods: V1Pod[];
  let machine: Record<string, string>;

  const make = async (command: "up" | "down") => {
    const env = { ...process.env, NODES: "real", DS_MONITORING_STATE: state };
    const args = ["--import", "tsx", "local/cli.ts", command];
    const result = await run(process.execPath, args, { cwd: repositoryRoot, env, timeoutMs: 900_000 });
    assert.equal(result.code, 0, result.stdout.slice(-4000) + result.stderr.slice(-4000));
    return result.stdout;
  };
  const podName = ({ metadata }: V1Pod) => metadata?.name ?? "";
  const podOf = (name: string) => pods.find((pod) => podName(pod).startsWith(`${name}-`));
  const urlOf = (page: string) => new RegExp(`${page} +(http://\\S+)`).exec(output)?.[1] ?? "";

  before(async () => {
    if (skip !== false) return;
    state = await mkdtemp(join(tmpdir(), "ds-monitoring-platform-"));
    machine = await machineState();
    output = await make("up");
    config = readKubeconfig(join(clusterDirectory(state), "clusters", "local", "kubeconfig.yaml"));
    pods = (await config.makeApiClient(CoreV1Api).listPodForAllNamespaces()).items;
  });
  after(async () => {
    if (skip === false && existsSync(state)) await make("down");
    if (skip === false) await rm(state, { recursive: true, force: true });
  });

  test("every pod is ready or has done its work, and no container was restarted", { skip }, () => {
    const wrong = pods.flatMap(({ metadata, status }) => {
      const ready = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
      const name = metadata?.name ?? "";
      if (name.startsWith("penguins-training-fails-")) return status?.phase === "Failed" ? [] : [name];
      return ready === true || status?.phase === "Succeeded" ? [] : [name];
    });
    assert.deepEqual(wrong, []);
    const running = pods.filter(({ status }) => status?.phase === "Running").map(podName);
    for (const name of [
      "alertmanager",
      "fluentd-aggregator",
      "grafana",
      "influxdb",
      "telegraf",
      "penguins-api",
    ]) {
      assert.ok(
        running.some((pod) => pod.startsWith(`${name}-`)),
        `${name} is among ${running.join(", ")}`,
      );
    }
    const statuses = pods.flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]);
    assert.deepEqual(
      statuses.filter(({ restartCount }) => restartCount > 0).map(({ name }) => name),
      [],
    );
  });

  test("a pod that is not restricted is refused", { skip }, async () => {
    const body: V1Pod = {
      metadata: { name: "privileged" },
      spec: { containers: [{ name: "c", image: "none", securityContext: { privileged: true } }] },
    };
    const created = config.makeApiClient(CoreV1Api).createNamespacedPod({ namespace: "monitoring", body });
    await assert.rejects(created, /violates PodSecurity/);
  });

  for (const { from, to, port, allowed } of flows) {
    test(`${from} ${allowed ? "reaches" : "does not reach"} ${to}:${port}`, { skip }, async () => {
      const { metadata, spec } = podOf(from) as V1Pod;
      const container = spec?.containers[0]?.name as string;
      const answer = await execute(
        [metadata?.namespace as string, metadata?.name as string, container],
        connectors[from](to, port),
      );
      assert.equal(answer.includes("connected"), allowed, answer);
    });
  }

  test("each request of the sample is in InfluxDB once", { skip }, async () => {
    const influxDb = urlOf("InfluxDB");
    const { items } = await config.makeApiClient(CoreV1Api).listNamespacedSecret({
      namespace: "monitoring",
      labelSelector: "app.kubernetes.io/instance=influxdb",
    });
    const secret = items.find(({ data }) => data?.password !== undefined)?.data?.password ?? "";
    const password = Buffer.from(secret, "base64").toString("utf8");
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
    const signIn = await fetch(new URL("/api/v2/signin", influxDb), {
      method: "POST",
      headers: { authorization },
    });
    assert.equal(signIn.status, 204);
    const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    const orgs = await fetch(new URL("/api/v2/orgs", influxDb), { headers: { cookie } });
    const [{ id }] = ((await orgs.json()) as { orgs: [{ id: string }] }).orgs;
    const query = `from(bucket: "events") |> range(start: -1h)
      |> filter(fn: (r) => r._measurement == "http.server.request" and r._field == "duration_s")
      |> group() |> count()`;
    const answer = await fetch(new URL(`/api/v2/query?orgID=${id}`, influxDb), {
      method: "POST",
      headers: { cookie, "content-type": "application/vnd.flux", accept: "application/csv" },
      body: query,
    });
    const csv = await answer.text();
    // As many as `make up` says that it has sent.
    const sent = Number(/sending (\d+) requests/.exec(output)?.[1]);
    assert.ok(sent >= 200);
    assert.equal(Number(csv.trim().split("\n")[1]?.trim().split(",").at(-1)), sent, csv);
  });

  test("one mail has come, about the run that failed", { skip }, async () => {
    const answer = await fetch(new URL("/api/v1/messages", urlOf("Mails")));
    const { messages } = (await answer.json()) as { messages: { Subject: string }[] };
    assert.deepEqual(
      messages.map(({ Subject }) => Subject),
      ["[CRITICAL] Run penguins-training-fails of penguins-training failed – local"],
    );
  });

  test("again, nothing changes", { skip }, async () => {
    assert.match(await make("up"), /^0 changes /m);
  });

  test("make down leaves nothing on the machine", { skip }, async () => {
    await make("down");
    assert.deepEqual(await leftOf(clusterDirectory(state)), []);
    assert.deepEqual(await machineState(), machine);
    assert.equal(existsSync(state), false);
  });

  async function execute(
    [namespace, pod, container]: [string, string, string],
    command: string[],
  ): Promise<string> {
    let text = "";
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString("utf8");
        done();
      },
    });
    await new Promise<void>((resolve, reject) => {
      new Exec(config)
        .exec(namespace, pod, container, command, sink, sink, null, false, () => resolve())
        .catch(reject);
    });
    return text;
  }
});
