import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BackupStorage } from "../../../components/azure/backupStorage";
import { noPublicStorage } from "../../../policies/safety/noPublicStorage";
import { protectedStorage } from "../../../policies/safety/protectedStorage";
import { deploy, find, valueOf } from "../support/deploy";
import { platform } from "../support/fixtures";
import { workloadsOf } from "../support/pods";
import { checkResource, resource } from "../policies/support";
import type { Properties } from "../../../policies/core/values";

const args = {
  location: "eastus",
  tags: { project: "churn" },
  oidcIssuerUrl: "https://issuer.example/",
  subnetId: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes",
};

describe("BackupStorage", () => {
  const made = async (more: Partial<ConstructorParameters<typeof BackupStorage>[1]> = {}) =>
    deploy(() => new BackupStorage("backups", { ...args, ...more }));

  test("has a resource group of its own, and is protected", async () => {
    const { resources } = await made();
    for (const type of [":ResourceGroup", ":StorageAccount", ":BlobContainer"]) {
      assert.equal(find(resources, type, "backups").protect, true, type);
    }
    const unprotected = await made({ protect: false });
    assert.equal(find(unprotected.resources, ":StorageAccount", "backups").protect, false);
  });

  test("keeps versions, lets nobody change a backup for a while, and deletes it in the end", async () => {
    const { resources } = await made({ keepDays: 90, immutableDays: 30 });
    const { isVersioningEnabled } = find(resources, ":BlobServiceProperties", "backups").inputs;
    assert.equal(isVersioningEnabled, true);
    const { immutabilityPeriodSinceCreationInDays: days } = find(
      resources,
      ":BlobContainerImmutabilityPolicy",
      "backups",
    ).inputs;
    assert.equal(days, 30);
    const { policy } = find(resources, ":ManagementPolicy", "backups").inputs;
    assert.deepEqual(
      JSON.stringify(policy).match(/daysAfterCreationGreaterThan":\d+/g),
      Array(2).fill('daysAfterCreationGreaterThan":90'),
    );
  });

  test("days that contradict each other are refused before anything is made", async () => {
    for (const wrong of [{ immutableDays: 0 }, { keepDays: 7, immutableDays: 7 }]) {
      await assert.rejects(made(wrong), /immutableDays is \d+: it must be from 1 to one below keepDays/);
    }
  });

  test("the Job alone gets at it: by its service account's token, from the cluster's subnet", async () => {
    const { resources } = await made({ namespace: "observability" });
    const { inputs: account } = find(resources, ":StorageAccount", "backups");
    assert.equal(account["allowSharedKeyAccess"], false);
    assert.deepEqual((account["networkRuleSet"] as { virtualNetworkRules: object }).virtualNetworkRules, [
      { virtualNetworkResourceId: args.subnetId },
    ]);
    const { inputs: federated } = find(resources, ":FederatedIdentityCredential", "backups");
    assert.equal(federated["subject"], "system:serviceaccount:observability:influxdb-backup");
    assert.equal(federated["issuer"], args.oidcIssuerUrl);
    const { inputs: role } = find(resources, ":RoleAssignment", "backups");
    // "Storage Blob Data Contributor" in Microsoft's list of built-in roles.
    assert.match(String(role["roleDefinitionId"]), /ba92f5b4-2d11-453d-a403-e96b0029c9fe$/);
    assert.equal(role["scope"], "backups-id", "the container, not the account");
  });

  test("passes the policies on storage", async () => {
    const { resources } = await made();
    for (const { type, name, inputs, protect } of resources) {
      const checked = resource(type, name, inputs as Properties, { protect });
      for (const policy of [noPublicStorage, protectedStorage]) {
        assert.deepEqual(checkResource(policy, checked), [], `${policy.name} ${type}`);
      }
    }
  });
});

describe("backups in an object store", () => {
  const settings = { type: "azureblob", account: "acme", env_auth: "true" };
  const objectStore = {
    ...{ bucket: "influxdb", settings },
    serviceAccountAnnotations: { "azure.workload.identity/client-id": "the-client" },
    podLabels: { "azure.workload.identity/use": "true" },
  };

  test("the Job backs up, then copies; a restore copies back, then restores", async () => {
    const { resources } = await deploy(() => platform({ backup: { objectStore } }));
    const steps = (name: string) => {
      const found = workloadsOf(resources).find(({ title }) => title === `CronJob ${name}`);
      assert.equal(found?.labels["azure.workload.identity/use"], "true");
      const { initContainers = [], containers } = found.pod;
      return [...initContainers, ...containers].map(
        ({ name: step, image }) => `${step} ${image.split(":")[0]}`,
      );
    };
    assert.deepEqual(steps("monitoring-influxdb-backup"), ["backup influxdb", "upload rclone/rclone"]);
    assert.deepEqual(steps("monitoring-influxdb-backup-restore"), [
      "download rclone/rclone",
      "restore influxdb",
    ]);
    const account = find(resources, ":ServiceAccount", "monitoring-influxdb-backup").inputs as {
      metadata: { annotations: object };
    };
    assert.deepEqual(account.metadata.annotations, objectStore.serviceAccountAnnotations);
    assert.ok(resources.every(({ type }) => !type.endsWith(":PersistentVolumeClaim")));
  });

  test("rclone's remote has the settings as its variables", async () => {
    const { resources } = await deploy(() => platform({ backup: { objectStore } }));
    const job = workloadsOf(resources).find(({ title }) => title === "CronJob monitoring-influxdb-backup");
    const [upload] = job?.pod.containers ?? [];
    const variables = Object.fromEntries((upload?.env ?? []).map(({ name, value }) => [name, value]));
    assert.equal(variables["BACKUP_BUCKET"], "influxdb");
    // Form of the names: rclone.org/docs/#environment-variables
    assert.equal(variables["RCLONE_CONFIG_STORE_TYPE"], "azureblob");
    assert.equal(variables["RCLONE_CONFIG_STORE_ENV_AUTH"], "true");
  });

  test("the store of the account is that of the Job", async () => {
    const { result } = await deploy(() => new BackupStorage("backups", args));
    assert.deepEqual(await valueOf(result.objectStore.settings["type"]), "azureblob");
    assert.equal(await valueOf(result.objectStore.bucket), "backups-id");
  });

  test("a backup has a volume or an object store", async () => {
    for (const backup of [{}, { objectStore, storage: { size: "1Gi" } }]) {
      await assert.rejects(
        deploy(() => platform({ backup })),
        /backup needs storage or objectStore, one of the two/,
      );
    }
  });
});
