import type { DesiredDatabaseMapping } from "../desiredState";
import { type Context, requiredBucket } from "./context";

interface DatabaseMapping {
  id: string;
  database: string;
  retention_policy: string;
  bucketID: string;
  default: boolean;
  virtual?: boolean;
}

/** Creates, repairs and deletes the retention policies of the desired databases. */
export async function reconcileDatabaseMappings(context: Context): Promise<void> {
  const { api, desired, organizationId, changes } = context;
  const { content } = await api.request<{ content: DatabaseMapping[] }>({
    path: `/api/v2/dbrps?orgID=${organizationId}`,
  });
  // InfluxDB makes up a mapping for each bucket that has none; those can't be changed.
  const existing = content.filter((mapping) => mapping.virtual !== true);
  // The first mapping of a database becomes its default by itself, so the one that shall be comes first.
  const inOrder = [...desired.databaseMappings].sort((a, b) => Number(b.default) - Number(a.default));
  for (const mapping of inOrder) {
    const same = existing.find((candidate) => nameOf(candidate) === desiredName(mapping));
    await ensureDatabaseMapping(context, mapping, same);
  }
  const databases = new Set(desired.databaseMappings.map(({ database }) => database));
  const names = new Set(desired.databaseMappings.map(desiredName));
  for (const mapping of existing) {
    if (names.has(nameOf(mapping)) || !databases.has(mapping.database)) continue;
    await deleteDatabaseMapping(context, mapping);
    changes.push({ action: "deleted", what: nameOf(mapping) });
  }
}

async function ensureDatabaseMapping(
  context: Context,
  mapping: DesiredDatabaseMapping,
  existing: DatabaseMapping | undefined,
): Promise<void> {
  const { api, organizationId, changes } = context;
  const what = desiredName(mapping);
  const bucketID = requiredBucket(context, mapping.bucket, what);
  if (existing?.bucketID === bucketID) {
    if (existing.default || !mapping.default) return;
    const path = `/api/v2/dbrps/${existing.id}?orgID=${organizationId}`;
    await api.request({ method: "PATCH", path, body: { default: true } });
    changes.push({ action: "updated", what, detail: "is the default now" });
    return;
  }
  if (existing !== undefined) await deleteDatabaseMapping(context, existing);
  const { database, retentionPolicy, default: isDefault, bucket } = mapping;
  await api.request({
    method: "POST",
    path: "/api/v2/dbrps",
    body: {
      orgID: organizationId,
      database,
      retention_policy: retentionPolicy,
      bucketID,
      default: isDefault,
    },
  });
  changes.push({ action: existing === undefined ? "created" : "updated", what, detail: `bucket ${bucket}` });
}

async function deleteDatabaseMapping(context: Context, mapping: DatabaseMapping): Promise<void> {
  const path = `/api/v2/dbrps/${mapping.id}?orgID=${context.organizationId}`;
  await context.api.request({ method: "DELETE", path });
}

function nameOf(mapping: DatabaseMapping): string {
  return `retention policy ${mapping.retention_policy} of database ${mapping.database}`;
}

function desiredName(mapping: DesiredDatabaseMapping): string {
  return `retention policy ${mapping.retentionPolicy} of database ${mapping.database}`;
}
