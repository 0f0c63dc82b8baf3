import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { serverCertificates } from "../../components/fluentd/certificates";
import { LogPathFixture, writeRequests } from "./support/logPath";
import { missingFluentd } from "./support/missingFluentd";
import { waitFor } from "./support/waitFor";

const year = new Date().getUTCFullYear();
const ours = serverCertificates("the secret of this test", ["localhost"], year);
const events = 1_000;

test(
  "TLS: a sidecar that trusts another CA keeps its lines and sends them once it trusts the right one, and a renewed " +
    "certificate is served without a restart from outside",
  { timeout: 180_000 },
  async (t) => {
    const why = await missingFluentd();
    if (why !== false) {
      t.skip(why);
      return;
    }
    const others = serverCertificates("another secret", ["localhost"], year);
    const path = await LogPathFixture.start(t, { tls: ours });
    const serial = () => servedSerial(path.aggregator.port, ours.caCertificate);
    const before = await serial();

    await path.sidecar.stop();
    await path.restartSidecar({ tls: { ...ours, caCertificate: others.caCertificate } });
    await writeRequests(path.logPath, { events });
    const log = join(path.sidecar.directory, "fluentd.log");
    await waitFor("the refusal", 30_000, async () =>
      (await readFile(log, "utf8")).includes("certificate verify failed") ? true : undefined,
    );
    assert.equal(await path.count(), 0);

    await path.sidecar.stop();
    await path.restartSidecar();
    assert.equal(await path.waitForRequests(events), events);

    await path.renewCertificate(serverCertificates("the secret of this test", ["localhost"], year + 1));
    await waitFor("the renewed certificate", 60_000, async () => {
      const served = await serial().catch(() => before);
      return served === before ? undefined : true;
    });
    await writeRequests(path.logPath, { events, from: events, file: "more.events.log" });
    assert.equal(await path.waitForRequests(2 * events), 2 * events);

    const plain = await LogPathFixture.start(t);
    await assert.rejects(servedSerial(plain.aggregator.port, ours.caCertificate), "no TLS without the key");
  },
);

/** Serial number of the certificate that a server of `localhost` shows, checked against the CA. */
function servedSerial(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "localhost", port, ca, minVersion: "TLSv1.3" }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
    socket.once("error", reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error("no TLS within 5 s")));
  });
}
