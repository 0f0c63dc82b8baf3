import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { serverCertificates } from "../../../components/fluentd/certificates";

const host = "fluentd-aggregator.monitoring.svc";
const made = (year = 2026, secret = "a secret") => serverCertificates(secret, [host, "other"], year);
const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

test("the same secret gives the same texts, another one shares nothing with them", () => {
  assert.deepEqual(made(), made());
  const others = made(2026, "another");
  for (const key of ["caCertificate", "certificate", "privateKey"] as const)
    assert.notEqual(made()[key], others[key]);
});

test("the CA signs the server's certificate, which is of its names and its key", () => {
  const { caCertificate, certificate, privateKey } = made();
  const [ca, server] = [new X509Certificate(caCertificate), new X509Certificate(certificate)];
  assert.deepEqual([ca.ca, server.ca], [true, false]);
  assert.ok(ca.verify(ca.publicKey), "the CA signs itself");
  assert.ok(server.verify(ca.publicKey));
  assert.ok(server.checkIssued(ca), "names and key identifiers agree");
  assert.ok(!server.verify(new X509Certificate(made(2026, "another").caCertificate).publicKey));
  assert.ok(server.checkPrivateKey(createPrivateKey(privateKey)));
  assert.equal(server.checkHost(host), host);
  assert.equal(server.checkHost("influxdb.monitoring.svc"), undefined);
  assert.deepEqual(server.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
});

test("each year has a new key and certificate of the same CA, and each outlives its year by two", () => {
  const [now, next] = [made(2026), made(2027)];
  assert.equal(now.caCertificate, next.caCertificate);
  assert.notEqual(now.privateKey, next.privateKey);
  const [before, after] = [new X509Certificate(now.certificate), new X509Certificate(next.certificate)];
  assert.notEqual(before.serialNumber, after.serialNumber);
  assert.equal(days(before.validFrom, "2026-01-01T00:00:00Z"), 365);
  assert.equal(days("2027-01-01T00:00:00Z", before.validTo), 731);
});
