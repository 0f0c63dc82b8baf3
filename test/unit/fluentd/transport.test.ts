import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { Logging } from "../../../components";
import { serverCertificates } from "../../../components/fluentd/certificates";
import type { LogTransportTlsArgs } from "../../../components/fluentd/transport";
import { deploy, find } from "../support/deploy";
import { platform } from "../support/fixtures";
import { podOf } from "../support/pods";

const aggregator = "monitoring-fluentd-aggregator";
const ca = serverCertificates("any", ["any"], 2026).caCertificate;

/** A platform with an app, as the two see each other. */
async function deployed(tls?: LogTransportTlsArgs) {
  const { resources } = await deploy(() => {
    const { connection } = platform({ fluentdAggregator: { tls } });
    new Logging("app", { monitoring: connection, namespace: "app", service: "app" });
  });
  const filesOf = (name: string) =>
    find(resources, "ConfigMap", name).inputs["data"] as Record<string, string>;
  const pod = podOf(resources, `StatefulSet ${aggregator}`);
  const volumes = (pod.volumes ?? []) as { name: string; secret?: { secretName: string } }[];
  return {
    resources,
    server: filesOf(`${aggregator}-config`)["fluent.conf"] ?? "",
    sidecar: filesOf("app"),
    secretName: volumes.find(({ name }) => name === "tls")?.secret?.secretName,
  };
}

test("tls: {} gives the aggregator a certificate of its host, and the sidecars the CA that signs it", async () => {
  const { resources, server, sidecar, secretName } = await deployed({});
  const secret = find(resources, "Secret", `${aggregator}-tls`);
  assert.equal(secretName, `${aggregator}-tls-auto`);
  assert.deepEqual(secret.secrets, ["stringData"]);
  const { "tls.crt": certificate = "" } = secret.inputs["stringData"] as Record<string, string>;
  const shown = new X509Certificate(certificate);
  assert.equal(shown.checkHost("fluentd-aggregator.monitoring.svc"), "fluentd-aggregator.monitoring.svc");
  assert.ok(shown.verify(new X509Certificate(sidecar["ca.crt"] ?? "").publicKey));
  assert.match(server, /<transport tls>\n +version TLSv1_3\n +cert_path \/fluentd\/tls\/tls\.crt\n/);
  // Both buffers: that of the disk, and that of the memory.
  assert.equal(
    sidecar["fluent.conf"]?.match(/transport tls\n.*\n +tls_ca_cert_path \/fluentd\/etc\/ca\.crt/g)?.length,
    2,
  );
  assert.deepEqual(find(resources, "ConfigMap", "app").secrets, []);
});

test("without the key nothing speaks TLS", async () => {
  const { server, sidecar, secretName } = await deployed();
  assert.doesNotMatch(server + (sidecar["fluent.conf"] ?? ""), /tls/);
  assert.deepEqual([sidecar["ca.crt"], secretName], [undefined, undefined]);
});

test("cert-manager issues the certificate of the aggregator's host, into the Secret that the aggregator mounts", async () => {
  const { resources, sidecar, secretName } = await deployed({ clusterIssuer: "internal", caCertificate: ca });
  const spec = find(resources, "Certificate", `${aggregator}-tls`).inputs["spec"] as Record<string, unknown>;
  assert.equal(spec["secretName"], secretName);
  assert.equal((spec["dnsNames"] as string[])[0], "fluentd-aggregator.monitoring.svc");
  assert.deepEqual(spec["issuerRef"], { kind: "ClusterIssuer", name: "internal" });
  assert.equal(sidecar["ca.crt"], ca);
});

test("an existing Secret is mounted as it is, and no other is made", async () => {
  const { resources, secretName } = await deployed({ secretName: "from-our-pki", caCertificate: ca });
  assert.equal(secretName, "from-our-pki");
  assert.deepEqual(
    resources.filter(({ name }) => name === `${aggregator}-tls`),
    [],
  );
});

for (const [tls, problem] of [
  [{ clusterIssuer: "a", secretName: "b", caCertificate: ca }, /has both clusterIssuer and secretName/],
  [{ clusterIssuer: "a" }, /tls\.caCertificate is missing/],
  [{ caCertificate: ca }, /caCertificate is of no use alone/],
] as const) {
  test(`half a TLS is refused: ${Object.keys(tls).join(", ")}`, async () => {
    await assert.rejects(deployed(tls), problem);
  });
}
