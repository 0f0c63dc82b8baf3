import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../platform/generatedPassword";
import type { PartObjects } from "../platform/partObjects";
import { serviceHost } from "../platform/parts";

/** How log lines are encrypted between the sidecars and the aggregator. */
export interface LogTransportTlsArgs {
  /**
   * ClusterIssuer of cert-manager that issues the aggregator's certificate and renews it. Excludes `secretName`.
   * @default none: a private CA of the program's own, with a new certificate each year
   */
  clusterIssuer?: pulumi.Input<string>;
  /**
   * Name of a Secret of the platform's namespace that holds the certificate of the aggregator's host
   * (`fluentd-aggregator.NAMESPACE.svc`) as `tls.crt` and its key as `tls.key`. Excludes `clusterIssuer`.
   * @default none
   */
  secretName?: pulumi.Input<string>;
  /**
   * Certificate of the CA that signs it, in PEM; several one after another while the CA changes. Needed with
   * `clusterIssuer` and `secretName`.
   * @default that of the program's own CA
   */
  caCertificate?: pulumi.Input<string>;
}

/** What the aggregator serves TLS with, and what its clients trust. */
export interface LogTransport {
  /** Secret that holds `tls.crt` and `tls.key`. */
  secretName: pulumi.Input<string>;
  /** PEM of the CA. */
  caCertificate: pulumi.Output<string>;
}

/**
 * The certificate of the aggregator: made here, issued by cert-manager, or existing.
 *
 * @throws Error that names the argument and the fix
 */
export function logTransport(tls: LogTransportTlsArgs, objects: PartObjects): LogTransport {
  const { clusterIssuer, secretName, caCertificate } = tls;
  const origin = `FluentdAggregator "${objects.name}": tls`;
  if (clusterIssuer !== undefined && secretName !== undefined)
    throw new Error(`${origin} has both clusterIssuer and secretName: leave one out`);
  if (clusterIssuer === undefined && secretName === undefined) {
    if (caCertificate !== undefined)
      throw new Error(
        `${origin}.caCertificate is of no use alone: give the clusterIssuer or the secretName too, ` +
          "or `tls: {}` for a private CA of the program's own",
      );
    return generatedTransport(objects);
  }
  if (caCertificate === undefined)
    throw new Error(
      `${origin}.caCertificate is missing: give the PEM of the CA that signs the certificate, the sidecars trust no other`,
    );
  return {
    secretName: secretName ?? issuedSecret(objects, clusterIssuer as pulumi.Input<string>),
    caCertificate: pulumi.output(caCertificate).apply((pem) => requireCertificate(pem, origin)),
  };
}

function requireCertificate(pem: string, origin: string): string {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(pem)) return pem;
  throw new Error(
    `${origin}.caCertificate must be a certificate in PEM ("-----BEGIN CERTIFICATE-----…"); ` +
      `got ${JSON.stringify(pem.slice(0, 40))}`,
  );
}

function generatedTransport(objects: PartObjects): LogTransport {
  const seed = generatedPassword(`${objects.name}-tls`, objects.parent);
  const made = pulumi.all([seed, dnsNamesOf(objects)]).apply(async ([secret, names]) => {
    // It takes a third of a second to load: only who uses it waits.
    const { serverCertificates } = await import("./certificates");
    return serverCertificates(secret, names, new Date().getUTCFullYear());
  });
  return {
    secretName: objects.secret("tls", { "tls.crt": made.certificate, "tls.key": made.privateKey }),
    caCertificate: pulumi.unsecret(made.caCertificate),
  };
}

function issuedSecret(objects: PartObjects, clusterIssuer: pulumi.Input<string>): string {
  const name = `${objects.part.name}-tls`;
  new CustomResource(
    `${objects.name}-tls`,
    {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: { ...objects.contentMetadata, name },
      spec: {
        secretName: name,
        dnsNames: dnsNamesOf(objects),
        usages: ["digital signature", "server auth"],
        privateKey: { algorithm: "ECDSA", rotationPolicy: "Always" },
        issuerRef: { kind: "ClusterIssuer", name: clusterIssuer },
      },
    },
    { parent: objects.parent },
  );
  return name;
}

/** The names under which a client may call the Service, first the one that sidecars use. */
function dnsNamesOf({ part, namespace }: PartObjects): pulumi.Output<[string, ...string[]]> {
  return pulumi.output(namespace).apply((ns): [string, ...string[]] => {
    const host = serviceHost(part, ns);
    return [host, `${host}.cluster.local`, `${part.name}.${ns}`, part.name];
  });
}
