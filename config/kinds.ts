import { quantityPattern } from "../components/kubernetes/quantities";
import { patterns } from "../contract/patterns";

/** A JSON schema, with what errors and docs/configuration.md say of it. */
export interface Schema {
  type?: string | string[];
  pattern?: string;
  enum?: string[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  minProperties?: number;
  maxProperties?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | false;
  items?: Schema;
  /** What is allowed, e.g. `a URL`. */
  allowed?: string;
  /** A value that is allowed, as YAML. */
  example?: string;
  /** What the key means. */
  description?: string;
  /** What holds without the key, as the docs of the argument say. */
  defaultText?: string;
  /** Whether the value becomes a secret output. */
  secret?: boolean;
}

const text = (pattern: RegExp, allowed: string, example: string): Schema => ({
  ...{ type: "string", pattern: pattern.source, allowed, example },
});
const integer = (minimum: number, maximum: number, example: string): Schema => ({
  ...{ type: "integer", minimum, maximum, allowed: `a whole number from ${minimum} to ${maximum}`, example },
});

const addressRange = text(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "an IPv4 range", "10.100.0.0/16");
const count: Schema = { type: "integer", minimum: 1, allowed: "a whole number, at least 1", example: "14" };
const email = text(patterns.emailAddress, "an e-mail address", "team@example.com");
const name = text(patterns.dnsLabel, 'lower-case letters, digits and "-"', "dev");
const nodeCount = integer(0, 1000, "3");
const objectId = text(
  /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  "an Entra object id",
  "11111111-2222-3333-4444-555555555555",
);
const objectName = text(patterns.dnsSubdomain, "the name of a Kubernetes object", "managed-csi");
const price: Schema = { type: "number", exclusiveMinimum: 0, allowed: "a price above 0", example: "0.08" };
const quantity = text(quantityPattern, "a Kubernetes quantity above 0", "256Mi");
const ratio: Schema = {
  type: "number",
  minimum: 0,
  maximum: 1,
  allowed: "a share from 0 to 1",
  example: "0.05",
};
const timeOfDay = text(patterns.timeOfDay, "a time of day in quotes", '"20:00"');
const url = text(patterns.url, "a URL", "https://monitoring.example.com");

/** What a value, or the entries of a list or a mapping, must be, by the key's name; others by their type alone. */
export const kindsByKey: Readonly<Record<string, Schema>> = {
  // Kubernetes
  ...{ environment: name, namespace: name, namespaceName: name, controllerNamespace: name },
  ...{
    className: objectName,
    clusterIssuer: objectName,
    secretName: objectName,
    storageClassName: objectName,
    tlsSecretName: objectName,
  },
  ...{ limits: quantity, requests: quantity },
  size: text(
    new RegExp(`${quantityPattern.source.slice(0, -1)}(?<=[MGT]i)$`),
    "a Kubernetes quantity in Mi, Gi or Ti, above 0",
    "50Gi",
  ),
  schedule: text(patterns.cron, "a schedule in the form of cron, UTC", '"30 2 * * *"'),
  registry: text(/^[a-z0-9][-a-z0-9.:/]*[a-z0-9]$/, "a registry", "registry.example.com/team"),
  ...{ keep: count, keepDays: count, replicas: count, probeIntervalSeconds: count, startingSeconds: count },
  ...{ events: count, minutely: count, hourly: count, daily: count, weekly: count },
  // Addresses
  ...{ url, alertmanagerUrl: url, externalUrl: url, influxDbUrl: url, runbookBaseUrl: url },
  ...{ from: email, to: email, criticalTo: email },
  host: text(patterns.hostName, "a host name", "grafana.example.com"),
  smarthost: text(patterns.hostAndPort, "host:port", "smtp.example.com:587"),
  ...{ podPort: integer(1, 65535, "8086"), apiServerPorts: integer(1, 65535, "443") },
  expectedStatus: integer(100, 599, "200"),
  ...{ index: text(/^[a-z0-9][a-z0-9._-]*$/, "the name of an index", "logs-ds_monitoring-default") },
  caCertificate: text(
    /-----BEGIN CERTIFICATE-----/,
    "a certificate in PEM",
    '"-----BEGIN CERTIFICATE-----\\n…"',
  ),
  // Alerts and prices
  ...{ errorRatio: ratio, memoryUseRatio: ratio, unparsedRatio: ratio },
  ...{ gibHour: price, gpuHour: price, spotMaxPrice: price, vcpuHour: price },
  // Azure
  ...{
    addressSpace: addressRange,
    nodeRange: addressRange,
    podRange: addressRange,
    serviceRange: addressRange,
  },
  ...{ authorizedIpRanges: addressRange, minCount: nodeCount, maxCount: nodeCount },
  ...{ immutableDays: integer(1, 146000, "14") },
  ...{ durationHours: integer(4, 24, "4"), osDiskSizeGiB: integer(30, 2048, "64") },
  ...{ adminGroupObjectIds: objectId, deployerObjectIds: objectId },
  dnsServiceIp: text(/^\d{1,3}(\.\d{1,3}){3}$/, "an IPv4 address", "10.0.0.10"),
  // Without the patch, which the cluster upgrades by itself.
  kubernetesVersion: text(/^\d+\.\d+$/, "a minor version of Kubernetes in quotes", '"1.36"'),
  location: text(/^[a-z]+[a-z0-9]*$/, "an Azure region", "eastus"),
  startTime: text(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day in quotes, UTC", '"02:00"'),
  ...{ begin: timeOfDay, end: timeOfDay },
  taints: text(
    /^[^=:\s]+(=[^=:\s]+)?:(NoSchedule|PreferNoSchedule|NoExecute)$/,
    "a taint",
    "purpose=gpu:NoSchedule",
  ),
  vmSize: text(/^Standard_[A-Za-z0-9_-]+$/, "an Azure VM size", "Standard_D2s_v5"),
  zones: text(/^[123]$/, 'a zone in quotes, "1" to "3"', '"1"'),
};

/** The kinds of values whose key says no more than their type. */
export const kindsByType = {
  boolean: { type: "boolean", allowed: "true or false", example: "true" },
  number: { type: "number", minimum: 0, allowed: "a number, at least 0", example: "1" },
  // YAML makes a number of a text of digits.
  string: { type: ["string", "number"], pattern: "\\S", allowed: "a text", example: "acme" },
} satisfies Record<string, Schema>;

/** The schema of what a mapping of names holds; undefined for a mapping with keys of its own. */
export function entriesOf({ additionalProperties }: Schema): Schema | undefined {
  return additionalProperties === false ? undefined : additionalProperties;
}
