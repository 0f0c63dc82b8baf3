import { RoleAssignment } from "@pulumi/azure-native/authorization";
import { FederatedIdentityCredential, UserAssignedIdentity } from "@pulumi/azure-native/managedidentity";
import { ResourceGroup } from "@pulumi/azure-native/resources";
import {
  BlobContainer,
  BlobContainerImmutabilityPolicy,
  BlobServiceProperties,
  ManagementPolicy,
  StorageAccount,
} from "@pulumi/azure-native/storage";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectStoreArgs } from "../influxdb/influxDbBackup";
import { parts } from "../platform/parts";
import { nameIn, roleIn } from "./ids";

/** How long backups are kept, and how they are copied. */
export interface BackupStorageOptions {
  /**
   * Days after which a backup is deleted.
   * @default 35
   */
  keepDays?: number;
  /**
   * Days in which nobody can change or delete a backup, fewer than `keepDays`. The policy is not locked, since that can
   * never be undone: docs/azure.md.
   * @default 14
   */
  immutableDays?: number;
  /**
   * Copies of the data: three in one data centre (`LRS`), or in three zones (`ZRS`).
   * @default "ZRS"
   */
  redundancy?: "LRS" | "ZRS";
}

/** Arguments of {@link BackupStorage}. */
export interface BackupStorageArgs extends BackupStorageOptions {
  /** Azure region, e.g. `eastus`. */
  location: string;
  /** Tags of every resource. */
  tags: Record<string, string>;
  /** Issuer of the service-account tokens of the cluster whose InfluxDB is backed up. */
  oidcIssuerUrl: pulumi.Input<string>;
  /** Resource id of that cluster's subnet, which alone reaches the data. */
  subnetId: pulumi.Input<string>;
  /**
   * Namespace of the platform.
   * @default "monitoring"
   */
  namespace?: pulumi.Input<string>;
  /**
   * Refuse to delete or replace the account.
   * @default true
   */
  protect?: boolean;
}

/** Built-in role "Storage Blob Data Contributor". */
const blobDataContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

/**
 * A storage account for backups that outlives the cluster: a resource group of its own, versions, backups that nobody can
 * change for a while, and an identity for the backup Job, without a key.
 *
 * **Cost**: what is stored, 0.026 USD a GB and month (hot, ZRS, eastus).
 *
 * @example
 * const backups = new BackupStorage("backups", { location, tags, oidcIssuerUrl: aks.oidcIssuerUrl, subnetId: aks.subnetId });
 * new Monitoring("monitoring", { …, backup: { objectStore: backups.objectStore } });
 *
 * @throws RangeError when `immutableDays` is not below `keepDays`
 */
export class BackupStorage extends pulumi.ComponentResource {
  /** The container, for `backup.objectStore` of `Monitoring`. */
  public readonly objectStore: ObjectStoreArgs;
  /** Name of the storage account. */
  public readonly accountName: pulumi.Output<string>;

  constructor(name: string, args: BackupStorageArgs, opts?: pulumi.ComponentResourceOptions) {
    const { keepDays = 35, immutableDays = 14 } = args;
    if (immutableDays < 1 || immutableDays >= keepDays) {
      throw new RangeError(
        `immutableDays is ${immutableDays}: it must be from 1 to one below keepDays, which is ${keepDays}`,
      );
    }
    super("ds-monitoring:index:BackupStorage", name, {}, opts);

    const { location, tags, protect = true } = args;
    const parent = { parent: this };
    const keeps = { parent: this, protect };
    const group = new ResourceGroup(name, { location, tags }, keeps);
    const resourceGroupName = nameIn(group.id);

    const account = new StorageAccount(
      name,
      {
        ...{ resourceGroupName, location, tags },
        kind: "StorageV2",
        sku: { name: `Standard_${args.redundancy ?? "ZRS"}` },
        accessTier: "Hot",
        allowBlobPublicAccess: false,
        allowSharedKeyAccess: false,
        enableHttpsTrafficOnly: true,
        minimumTlsVersion: "TLS1_2",
        networkRuleSet: {
          defaultAction: "Deny",
          bypass: "AzureServices",
          virtualNetworkRules: [{ virtualNetworkResourceId: args.subnetId }],
        },
      },
      keeps,
    );
    const accountName = nameIn(account.id);
    const inAccount = { resourceGroupName, accountName };
    const kept = { enabled: true, days: immutableDays };
    new BlobServiceProperties(
      name,
      {
        ...inAccount,
        blobServicesName: "default",
        isVersioningEnabled: true,
        deleteRetentionPolicy: kept,
        containerDeleteRetentionPolicy: kept,
      },
      parent,
    );
    const container = new BlobContainer(name, { ...inAccount, containerName: "influxdb" }, keeps);
    const containerName = nameIn(container.id);
    new BlobContainerImmutabilityPolicy(
      name,
      {
        ...{ ...inAccount, containerName, immutabilityPolicyName: "default" },
        immutabilityPeriodSinceCreationInDays: immutableDays,
      },
      parent,
    );
    new ManagementPolicy(
      name,
      { ...inAccount, managementPolicyName: "default", policy: expiry(keepDays) },
      parent,
    );

    this.objectStore = {
      bucket: containerName,
      settings: {
        ...{ type: "azureblob", account: accountName, env_auth: "true" },
        // The role covers what is in the container, not whether there is one.
        no_check_container: "true",
      },
      ...this.identity(name, { ...inAccount, ...args }, container.id),
    };
    this.accountName = accountName;
    this.registerOutputs({ accountName });
  }

  /** The identity of the backup Job, which may read and write the container. */
  private identity(
    name: string,
    args: BackupStorageArgs & { resourceGroupName: pulumi.Output<string> },
    scope: pulumi.Output<string>,
  ) {
    const { resourceGroupName, location, tags, oidcIssuerUrl, namespace = "monitoring" } = args;
    const parent = { parent: this };
    const identity = new UserAssignedIdentity(name, { resourceGroupName, location, tags }, parent);
    new FederatedIdentityCredential(
      name,
      {
        resourceGroupName,
        resourceName: nameIn(identity.id),
        issuer: oidcIssuerUrl,
        subject: pulumi.interpolate`system:serviceaccount:${namespace}:${parts.influxDbBackup.name}`,
        audiences: ["api://AzureADTokenExchange"],
      },
      parent,
    );
    new RoleAssignment(
      name,
      {
        principalId: identity.principalId,
        principalType: "ServicePrincipal",
        roleDefinitionId: roleIn(scope, blobDataContributor),
        scope,
      },
      parent,
    );
    // Source: learn.microsoft.com/azure/aks/workload-identity-overview
    return {
      serviceAccountAnnotations: { "azure.workload.identity/client-id": identity.clientId },
      podLabels: { "azure.workload.identity/use": "true" },
    };
  }
}

/** Deletes blobs, and versions that something took the place of, after these days; pure. */
export function expiry(days: number) {
  return {
    rules: [
      {
        name: "expire",
        type: "Lifecycle",
        definition: {
          filters: { blobTypes: ["blockBlob"] },
          actions: {
            baseBlob: { delete: { daysAfterCreationGreaterThan: days } },
            version: { delete: { daysAfterCreationGreaterThan: days } },
          },
        },
      },
    ],
  };
}
