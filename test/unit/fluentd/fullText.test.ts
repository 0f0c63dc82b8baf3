import assert from "node:assert/strict";
import { test } from "node:test";
import type { FullTextArgs } from "../../../components";
import { deploy, find } from "../support/deploy";
import { platform } from "../support/fixtures";
import { podOf } from "../support/pods";

const aggregator = "monitoring-fluentd-aggregator";
const ca = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

async function deployed(fullText?: FullTextArgs) {
  const { resources } = await deploy(() => void platform({ fluentdAggregator: { fullText } }));
  const files = find(resources, "ConfigMap", `${aggregator}-config`).inputs["data"] as Record<string, string>;
  const container = podOf(resources, `StatefulSet ${aggregator}`).containers[0] as {
    env: { name: string; valueFrom?: { secretKeyRef: { key: string } } }[];
  };
  const { egress } = find(resources, "NetworkPolicy", aggregator).inputs["spec"] as {
    egress: { to?: unknown[]; ports?: { port: number }[] }[];
  };
  const { stringData } = find(resources, "Secret", `${aggregator}-credentials`).inputs as {
    stringData: Record<string, string>;
  };
  return { files, config: files["fluent.conf"] ?? "", env: container.env, egress, stringData };
}

test("without the key nothing is sent beside InfluxDB", async () => {
  const { config, egress } = await deployed();
  assert.doesNotMatch(config, /full_text|@type copy/);
  assert.equal(egress.length, 1);
});

test("Loki: the push API, a tenant, and a flow to the port of its pods", async () => {
  const { config, egress } = await deployed({
    kind: "loki",
    url: "http://loki.logging.svc.cluster.local/",
    podPort: 3100,
    tenant: "team",
  });
  assert.match(config, /endpoint http:\/\/loki\.logging\.svc\.cluster\.local\/loki\/api\/v1\/push\n/);
  assert.match(config, /headers '\{"X-Scope-OrgID":"team"\}'/);
  // Its buffer drops, InfluxDB's makes the sidecars wait.
  assert.deepEqual(config.match(/overflow_action \w+/g), [
    "overflow_action block",
    "overflow_action drop_oldest_chunk",
  ]);
  assert.deepEqual(
    egress[1]?.ports?.map(({ port }) => port),
    [3100],
  );
});

test("Elasticsearch: the bulk API, a login from the Secret, a CA", async () => {
  const { files, config, env, stringData } = await deployed({
    kind: "elasticsearch",
    url: "https://search.example.com:9200",
    index: "shop-logs",
    login: { username: "writer", password: "a secret" },
    caCertificate: ca,
  });
  assert.match(config, /endpoint https:\/\/search\.example\.com:9200\/shop-logs\/_bulk\n/);
  assert.match(config, /tls_ca_cert_path \/fluentd\/etc\/full-text-ca\.crt/);
  assert.equal(files["full-text-ca.crt"], ca);
  assert.match(config, /password "#\{ENV\.fetch\('FULL_TEXT_PASSWORD'\)\}"/);
  assert.equal(
    env.find(({ name }) => name === "FULL_TEXT_PASSWORD")?.valueFrom?.secretKeyRef.key,
    "fullTextPassword",
  );
  assert.equal(stringData.fullTextPassword, "a secret");
  assert.doesNotMatch(JSON.stringify(files), /a secret/);
});

for (const [what, args, message] of [
  ["another kind", { kind: "splunk" }, /fullText\.kind must be "loki" or "elasticsearch"/],
  ["an index for Loki", { kind: "loki", index: "logs" }, /fullText\.index is Elasticsearch's/],
  ["a tenant for Elasticsearch", { kind: "elasticsearch", tenant: "team" }, /fullText\.tenant is Loki's/],
  ["an index that is none", { kind: "elasticsearch", index: "Logs/x" }, /fullText\.index must be a name/],
  ["a URL that is none", { kind: "loki", url: "loki:3100" }, /"loki:3100" is no URL/],
] as const) {
  test(`${what} is refused`, async () => {
    const fullText = { url: "http://loki:3100", ...args } as FullTextArgs;
    await assert.rejects(deployed(fullText), message);
  });
}
