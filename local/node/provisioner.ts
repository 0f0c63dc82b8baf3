import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CoreV1Api, type KubeConfig, type V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { sleep } from "../processes";
import { nodeName } from "./layout";

/** The provisioner that the StorageClass names. */
export const provisionerName = "ds-monitoring.local/folders";
const everyMs = 500;
const provisionedBy = { "pv.kubernetes.io/provisioned-by": provisionerName };

/**
 * Make a folder and a volume of type `local` for each claim of this provisioner's classes, and remove both when the claim
 * is gone. Of such a volume the kubelet sets the group, which it does not with the folders of the controller manager's
 * own provisioner.
 *
 * @param folder where the volumes' folders are
 */
export async function provisionVolumes(config: KubeConfig, folder: string): Promise<never> {
  const api = config.makeApiClient(CoreV1Api);
  for (;;) {
    try {
      await provisionOnce(api, folder);
    } catch (error) {
      console.error(`volumes: ${(error as Error).message}`);
    }
    await sleep(everyMs);
  }
}

async function provisionOnce(api: CoreV1Api, folder: string): Promise<void> {
  const volumes = (await api.listPersistentVolume()).items;
  const claims = (await api.listPersistentVolumeClaimForAllNamespaces()).items;
  for (const claim of claims.filter(isPending)) {
    const name = `pvc-${claim.metadata?.uid}`;
    if (volumes.some(({ metadata }) => metadata?.name === name)) continue;
    const path = join(folder, name);
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777);
    await api.createPersistentVolume({ body: volume(name, path, claim) });
  }
  for (const { metadata, status, spec } of volumes) {
    if (metadata?.annotations?.["pv.kubernetes.io/provisioned-by"] !== provisionerName) continue;
    if (status?.phase !== "Released" || spec?.persistentVolumeReclaimPolicy !== "Delete") continue;
    await rm(join(folder, metadata.name as string), { recursive: true, force: true });
    await api.deletePersistentVolume({ name: metadata.name as string });
  }
}

function isPending({ metadata, spec, status }: V1PersistentVolumeClaim): boolean {
  const provisioner = metadata?.annotations?.["volume.kubernetes.io/storage-provisioner"];
  return provisioner === provisionerName && status?.phase === "Pending" && spec?.volumeName === undefined;
}

function volume(name: string, path: string, { metadata, spec }: V1PersistentVolumeClaim) {
  return {
    metadata: { name, annotations: provisionedBy },
    spec: {
      accessModes: spec?.accessModes,
      capacity: { storage: spec?.resources?.requests?.storage as string },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: metadata?.name,
        namespace: metadata?.namespace,
        uid: metadata?.uid,
      },
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [nodeName] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: spec?.storageClassName,
      volumeMode: spec?.volumeMode,
    },
  };
}
