import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

/** Certificates and a key, in PEM. */
export interface ServerCertificates {
  /** The private CA; it is no secret. */
  caCertificate: string;
  /** The server's certificate. */
  certificate: string;
  /** The server's key. Secret. */
  privateKey: string;
}

const authorityName = "ds-monitoring logs";

/**
 * A private CA, and the certificate of a server that it signs: Ed25519 keys, which are derived from a random secret, and
 * signatures that have nothing random. So the same arguments give the same texts at each `pulumi up`, and only the secret
 * has to be kept.
 *
 * The CA is valid to 2075. The server has a new key and certificate each year, valid from a year before to two years
 * after it.
 *
 * @param secret what all keys are derived from, at least 128 random bits
 * @param dnsNames names of the server, the first is the certificate's own
 * @param year the current one
 */
export function serverCertificates(
  secret: string,
  dnsNames: readonly [string, ...string[]],
  year: number,
): ServerCertificates {
  const authority = derivedKey(secret, "authority");
  const server = derivedKey(secret, `server ${year}`);
  const authorityId = keyIdentifier(authority);
  return {
    caCertificate: certificate({
      subject: authorityName,
      key: authority,
      signedBy: authority,
      notBefore: new Date("2025-01-01T00:00:00Z"),
      notAfter: new Date("2075-01-01T00:00:00Z"),
      extensions: [
        extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
        extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
        extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(authorityId)),
      ],
    }),
    certificate: certificate({
      subject: dnsNames[0],
      key: server,
      signedBy: authority,
      notBefore: new Date(Date.UTC(year - 1, 0)),
      notAfter: new Date(Date.UTC(year + 3, 0)),
      extensions: [
        extension(id_ce_basicConstraints, new BasicConstraints(), true),
        extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
        extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
        extension(
          id_ce_subjectAltName,
          new SubjectAlternativeName(dnsNames.map((dNSName) => new GeneralName({ dNSName }))),
        ),
        extension(
          id_ce_authorityKeyIdentifier,
          new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(authorityId) }),
        ),
      ],
    }),
    privateKey: server.export({ format: "pem", type: "pkcs8" }) as string,
  };
}

/** PKCS #8 of an Ed25519 key (RFC 8410), but for the 32 bytes of the key at its end. */
const keyPrefix = Buffer.from("302e020100300506032b657004220420", "hex");

function derivedKey(secret: string, purpose: string): KeyObject {
  const bytes = Buffer.from(hkdfSync("sha256", secret, "ds-monitoring", purpose, 32));
  return createPrivateKey({ key: Buffer.concat([keyPrefix, bytes]), format: "der", type: "pkcs8" });
}

const ed25519 = new AlgorithmIdentifier({ algorithm: "1.3.101.112" });

function certificate(content: {
  subject: string;
  key: KeyObject;
  signedBy: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Extension[];
}): string {
  const { subject, key, signedBy, notBefore, notAfter, extensions } = content;
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(`${subject} ${notAfter.toISOString()}`, key),
    signature: ed25519,
    issuer: commonName(authorityName),
    subject: commonName(subject),
    validity: new Validity({ notBefore, notAfter }),
    subjectPublicKeyInfo: publicKeyInfo(key),
    extensions: new Extensions(extensions),
  });
  const signature = sign(null, Buffer.from(AsnConvert.serialize(tbsCertificate)), signedBy);
  const signed = new Certificate({
    tbsCertificate,
    signatureAlgorithm: ed25519,
    signatureValue: arrayBuffer(signature),
  });
  return new X509Certificate(Buffer.from(AsnConvert.serialize(signed))).toString();
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(createPublicKey(key).export({ format: "der", type: "spki" }), SubjectPublicKeyInfo);
}

/** SHA-1 of the public key (RFC 5280, 4.2.1.2): a name, not a protection. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const bits = Buffer.from(publicKeyInfo(key).subjectPublicKey);
  return arrayBuffer(createHash("sha1").update(bits).digest());
}

/** 63 bits of a hash: positive. */
function serialNumber(text: string, key: KeyObject): ArrayBuffer {
  const hash = createHash("sha256")
    .update(text)
    .update(new Uint8Array(keyIdentifier(key)))
    .digest();
  hash[0] = ((hash[0] ?? 0) & 0x7f) | 0x40;
  return arrayBuffer(hash.subarray(0, 8));
}

function commonName(name: string): Name {
  const value = new AttributeValue({ utf8String: name });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: "2.5.4.3", value })])]);
}

function extension(extnID: string, value: unknown, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
