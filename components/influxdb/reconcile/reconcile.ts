import type { InfluxApi } from "../influxApi";
import { reconcileBuckets } from "./buckets";
import type { Change, Context, ReconcileOptions } from "./context";
import { reconcileCredentials } from "./credentials";
import { reconcileDatabaseMappings } from "./databaseMappings";
import { reconcileSecrets, reconcileTasks } from "./tasks";

/**
 * Bring InfluxDB to its desired state, over its HTTP API.
 *
 * Creates and updates; deletes only its own tasks and credentials, and retention policies of its own databases, never
 * a bucket. A second run changes nothing.
 *
 * @returns what was changed, in order
 */
export async function reconcile(options: ReconcileOptions): Promise<Change[]> {
  const changes: Change[] = [];
  const organizationId = await ensureOrganization(options.api, options.desired.organization, changes);
  const context: Context = { ...options, organizationId, bucketIds: new Map<string, string>(), changes };
  await reconcileBuckets(context);
  await reconcileDatabaseMappings(context);
  await reconcileCredentials(context);
  await reconcileSecrets(context);
  await reconcileTasks(context);
  return changes;
}

async function ensureOrganization(api: InfluxApi, name: string, changes: Change[]): Promise<string> {
  // Asked for a name that doesn't exist, InfluxDB answers 404: the list of all is easier to read.
  const { orgs } = await api.request<{ orgs: { id: string; name: string }[] }>({
    path: "/api/v2/orgs?limit=100",
  });
  const existing = orgs.find((organization) => organization.name === name);
  if (existing !== undefined) return existing.id;
  const created = await api.request<{ id: string }>({ method: "POST", path: "/api/v2/orgs", body: { name } });
  changes.push({ action: "created", what: `organization ${name}` });
  return created.id;
}
