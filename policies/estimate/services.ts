import type { Resource } from "../core/resource";
import { get, shown, type Value } from "../core/values";
import {
  exactly,
  type Meter,
  type MeterContext,
  type Metering,
  type Range,
  standard,
  unknownOf,
} from "./metering";

/** What services around a cluster cost: storage, registries, vaults, logs, events, private endpoints, DNS. */
export const serviceMeters: Readonly<Record<string, Meter>> = {
  "azure-native:containerregistry:Registry": registry,
  "azure-native:containerregistry:Replication": () => ({
    purchases: [standard("registry", "copy of a registry", 1, "Premium")],
  }),
  "azure-native:dns:Zone": zone,
  "azure-native:eventhub:Namespace": eventHubs,
  "azure-native:keyvault:Key": key,
  "azure-native:keyvault:Vault": (_resource, { usage }) => ({
    purchases: [
      standard("keyVaultOperations", "10,000 operations (assumed)", usage.keyVaultOperations / 10_000),
    ],
  }),
  "azure-native:network:PrivateEndpoint": (_resource, { usage }) => ({
    purchases: [
      standard("privateEndpoint", "private endpoint"),
      standard("privateEndpointData", "GB processed (assumed)", usage.privateEndpointGB),
    ],
  }),
  "azure-native:operationalinsights:Workspace": workspace,
  "azure-native:privatedns:PrivateZone": (resource, context) => zone(resource, context, "Private"),
  "azure-native:storage:StorageAccount": storageAccount,
};

function storageAccount({ properties }: Resource, { usage }: MeterContext): Metering {
  const sku = get(properties, "sku", "name");
  const tier = get(properties, "accessTier") ?? "Hot";
  if (typeof sku !== "string") return { unknown: unknownOf("sku.name", sku) };
  if (typeof tier !== "string") return { unknown: unknownOf("accessTier", tier) };
  const blobs = /^Premium_/.test(sku) ? sku.replace("_", " ") : `${tier} ${sku.replace(/^Standard_/, "")}`;
  return { purchases: [standard("blob", "GB (assumed)", usage.blobGB, blobs)] };
}

/** GB that the price of a registry includes: https://learn.microsoft.com/azure/container-registry/container-registry-skus */
const includedGB: Readonly<Record<string, number>> = { Basic: 10, Standard: 100, Premium: 500 };

function registry({ properties }: Resource, { usage }: MeterContext): Metering {
  const sku = get(properties, "sku", "name");
  if (typeof sku !== "string") return { unknown: unknownOf("sku.name", sku) };
  const beyond = Math.max(0, usage.registryGB - (includedGB[sku] ?? 0));
  return {
    purchases: [
      standard("registry", "registry", 1, sku),
      ...(beyond > 0 ? [standard("registryData", "GB beyond those included (assumed)", beyond)] : []),
    ],
  };
}

function key({ properties }: Resource): Metering {
  const kind = get(properties, "properties", "kty");
  if (kind === "RSA" || kind === "EC") return { purchases: [] };
  return {
    unknown: `the kind of key (kty) is ${shown(kind)}, which may be billed by the month: use RSA or EC`,
  };
}

/** Days that the price of what is taken in includes: https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs */
const includedDays = 31;

function workspace({ properties }: Resource, { usage }: MeterContext): Metering {
  const sku = get(properties, "sku", "name") ?? "PerGB2018";
  if (sku !== "PerGB2018") return { unknown: `sku.name is ${shown(sku)}: only PerGB2018 is priced` };
  const days = get(properties, "retentionInDays") ?? includedDays;
  const cap = get(properties, "workspaceCapping", "dailyQuotaGb") ?? -1;
  if (typeof days !== "number") return { unknown: unknownOf("retentionInDays", days) };
  if (typeof cap !== "number") return { unknown: unknownOf("workspaceCapping.dailyQuotaGb", cap) };
  const kept = (usage.logsGB * Math.max(0, days - includedDays)) / 30;
  return {
    purchases: [
      // What may come in at most is known only where there is a daily cap.
      {
        ...standard("logs", "GB (assumed)"),
        quantity: { minimum: usage.logsGB, maximum: Math.max(usage.logsGB, cap * 30) },
      },
      ...(kept > 0 ? [standard("logRetention", "GB kept longer (assumed)", kept)] : []),
    ],
  };
}

function eventHubs({ properties }: Resource, { usage }: MeterContext): Metering {
  const sku = get(properties, "sku", "name");
  if (sku !== "Standard" && sku !== "Premium") {
    return { unknown: `sku.name is ${shown(sku)}: only Standard and Premium are priced` };
  }
  const units = eventHubUnits(properties);
  if (typeof units === "string") return { unknown: units };
  const capacity = { ...standard("eventHub", "units", 1, sku), quantity: units };
  if (sku === "Premium") return { purchases: [capacity] };
  return {
    purchases: [
      capacity,
      // In the price list; whether it is billed is not documented.
      { ...standard("eventHubKafka", "Kafka endpoint"), quantity: { minimum: 0, maximum: 1 } },
      standard("eventHubEvents", "million events (assumed)", usage.eventHubMillions),
    ],
  };
}

function eventHubUnits(properties: Value): Range | string {
  const own = get(properties, "sku", "capacity") ?? 1;
  const inflates = get(properties, "isAutoInflateEnabled") ?? false;
  if (typeof own !== "number") return unknownOf("sku.capacity", own);
  if (inflates === false) return exactly(own);
  const maximum = get(properties, "maximumThroughputUnits");
  if (typeof maximum !== "number") return unknownOf("maximumThroughputUnits", maximum);
  return { minimum: own, maximum: Math.max(own, maximum) };
}

function zone(_resource: Resource, { usage }: MeterContext, sku = "Standard"): Metering {
  return {
    purchases: [
      standard("dnsZone", "DNS zone", 1, sku),
      standard("dnsQueries", "million queries (assumed)", usage.dnsMillions),
    ],
  };
}
