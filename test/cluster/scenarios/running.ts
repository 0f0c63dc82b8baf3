import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import { isReady, restarts } from "../support/platform";
import { scenario, type Suite } from "./suite";

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

/** What `make up` leaves behind: running pods, their isolation, the sample's figures and its mail. */
export function running(suite: Suite): void {
  scenario(
    suite,
    "every pod is ready or has done its work, and no container was restarted",
    60,
    async (platform) => {
      const pods = await platform.pods();
      const wrong = pods.filter((pod) => {
        if (pod.metadata?.name?.startsWith("penguins-training-fails-")) return pod.status?.phase !== "Failed";
        return !isReady(pod) && pod.status?.phase !== "Succeeded";
      });
      assert.deepEqual(wrong.map(nameOf), []);
      const names = pods.filter(({ status }) => status?.phase === "Running").map(nameOf);
      for (const name of [
        "alertmanager",
        "fluentd-aggregator",
        "grafana",
        "influxdb",
        "telegraf",
        "penguins-api",
      ]) {
        assert.ok(
          names.some((pod) => pod.startsWith(`${name}-`)),
          `${name} is among ${names.join(", ")}`,
        );
      }
      assert.deepEqual(pods.filter((pod) => restarts(pod) > 0).map(nameOf), [], "restarted");
    },
  );

  scenario(suite, "a pod that is not restricted is refused", 60, async (platform) => {
    const body: V1Pod = {
      metadata: { name: "privileged" },
      spec: { containers: [{ name: "c", image: "none", securityContext: { privileged: true } }] },
    };
    for (const namespace of ["monitoring", "penguins"])
      await assert.rejects(
        platform.core.createNamespacedPod({ namespace, body }),
        /violates PodSecurity .*restricted/,
      );
  });

  for (const { from, to, port, allowed } of flows) {
    scenario(
      suite,
      `${from} ${allowed ? "reaches" : "does not reach"} ${to}:${port}`,
      60,
      async (platform) => {
        const pod = await platform.ready(from);
        const container = pod.spec?.containers.find(({ name }) => name === "api" || name === "grafana");
        const answer = await platform.execute(pod, container?.name ?? "", connectors[from](to, port));
        assert.equal(answer.includes("connected"), allowed, answer);
      },
    );
  }

  scenario(suite, "each request of the sample is in InfluxDB once", 60, async (platform) => {
    const influxDb = await platform.influxDb();
    const [row] = await influxDb.flux(`from(bucket: "events") |> range(start: -1h)
      |> filter(fn: (r) => r._measurement == "http.server.request" and r._field == "duration_s")
      |> group() |> count()`);
    // As many as `make up` says that it has sent.
    const sent = Number(/sending (\d+) requests/.exec(platform.output)?.[1]);
    assert.ok(sent >= 200);
    assert.equal(Number(row?._value), sent);
  });

  scenario(suite, "one mail has come, about the run that failed", 60, async (platform) => {
    assert.deepEqual(await platform.mails(), [
      "[CRITICAL] Run penguins-training-fails of penguins-training failed – local",
    ]);
  });
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? "";
}
