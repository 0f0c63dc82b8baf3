import assert from "node:assert/strict";
import { test } from "node:test";
import type { Properties } from "../../../policies/core/values";
import { usageFile } from "../../../policies/cost/settings";
import { estimate } from "../../../policies/estimate/estimate";
import { prices } from "../../../policies/estimate/prices";
import { resource } from "./support";

test("services, by the prices of Azure's pages", () => {
  const monthly = (type: string, properties: Properties = {}) => {
    const made = resource(`azure-native:${type}`, "x", { location: "eastus", ...properties });
    const { total, unpriced } = estimate([made], prices, { region: "eastus", usage: usageFile.stack });
    assert.deepEqual(unpriced, []);
    const { minimum, maximum } = total;
    return [minimum.toFixed(2), maximum.toFixed(2)];
  };
  const sku = (name: string, more: Properties = {}) => ({ sku: { name, ...more } });
  // 5, 20 and 50 USD for 30 days, and a month of 730 hours has 30.42.
  assert.deepEqual(monthly("containerregistry:Registry", sku("Basic")), ["5.07", "5.07"]);
  assert.deepEqual(monthly("containerregistry:Registry", sku("Premium")), ["50.69", "50.69"]);
  assert.deepEqual(monthly("containerregistry:Replication"), ["50.69", "50.69"]);
  assert.deepEqual(monthly("keyvault:Vault"), ["0.30", "0.30"]);
  assert.deepEqual(monthly("operationalinsights:Workspace"), ["69.00", "69.00"]);
  // 30 GB kept 59 days longer; a cap of 10 GB a day is 300 GB at most.
  assert.deepEqual(
    monthly("operationalinsights:Workspace", {
      retentionInDays: 90,
      workspaceCapping: { dailyQuotaGb: 10 },
    }),
    ["74.90", "695.90"],
  );
  assert.deepEqual(monthly("eventhub:Namespace", sku("Premium")), ["749.71", "749.71"]);
  // 730 × 0.03 × 1 to 4 + 30 × 0.028, and the Kafka endpoint at most.
  assert.deepEqual(
    monthly("eventhub:Namespace", {
      ...sku("Standard"),
      isAutoInflateEnabled: true,
      maximumThroughputUnits: 4,
    }),
    ["22.74", "154.14"],
  );
  assert.deepEqual(monthly("network:PrivateEndpoint"), ["7.40", "7.40"]);
  // 730 × 0.006 for each of the 4 addresses.
  assert.deepEqual(monthly("network:PublicIPPrefix", { prefixLength: 30 }), ["17.52", "17.52"]);
  assert.deepEqual(monthly("dns:Zone"), ["0.90", "0.90"]);
  assert.deepEqual(monthly("privatedns:PrivateZone"), ["0.90", "0.90"]);
});
