import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** A new role takes up to five minutes to reach a cluster: learn.microsoft.com/azure/aks/manage-azure-rbac. */
const propagationMillis = 5 * 60_000;

/**
 * Waits until roles on a cluster are in force; at once in a preview, and for roles that are older than five minutes.
 *
 * @param createdOn when each role was assigned, ISO 8601
 */
export async function rolesInForce(createdOn: readonly string[]): Promise<void> {
  const millis = remainingMillis(createdOn, Date.now());
  if (millis === 0 || pulumi.runtime.isDryRun()) return;
  const seconds = Math.ceil(millis / 1000);
  await pulumi.log.info(`waiting ${seconds} s until the deployer's new role on the cluster is in force`);
  await sleep(millis);
}

/** How long to wait at the time `now`, both in milliseconds; pure. */
export function remainingMillis(createdOn: readonly string[], now: number): number {
  const latest = Math.max(0, ...createdOn.map((time) => Date.parse(time) || now));
  return Math.min(propagationMillis, Math.max(0, latest + propagationMillis - now));
}
