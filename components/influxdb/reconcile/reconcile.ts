import type {
  DesiredBucket,
  DesiredCredential,
  DesiredDatabaseMapping,
  InfluxDesiredState,
} from "../desiredState";
import type { FluxTask } from "../flux";
import type { InfluxApi } from "./influxApi";

/** Description of what this program creates; what lacks it belongs to somebody else and stays. */
export const ownershipMark = "managed by ds-monitoring";

/** One difference that was found and, but for `kept`, removed. */
export interface Change {
  action: "created" | "updated" | "deleted" | "kept";
  /** What it is, e.g. `bucket events`. */
  what: string;
  /** Why, or what differs. */
  detail?: string;
}

/** Options of {@link reconcile}. */
export interface ReconcileOptions {
  api: InfluxApi;
  desired: InfluxDesiredState;
  /** Value of each credential's `passwordVariable` and of each secret's `valueVariable`. */
  passwords: Readonly<Record<string, string>>;
}

/** What every step needs. */
interface Context extends ReconcileOptions {
  organizationId: string;
  /** Ids of the desired buckets by name. */
  bucketIds: Map<string, string>;
  changes: Change[];
}

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
  const context = { ...options, organizationId, bucketIds: new Map<string, string>(), changes };
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

interface Bucket {
  id: string;
  name: string;
  description?: string;
  retentionRules: { everySeconds: number; shardGroupDurationSeconds?: number }[];
}

async function reconcileBuckets(context: Context): Promise<void> {
  const { api, desired, organizationId, bucketIds, changes } = context;
  const { buckets } = await api.request<{ buckets: Bucket[] }>({
    path: `/api/v2/buckets?limit=100&orgID=${organizationId}`,
  });
  for (const bucket of desired.buckets) {
    const existing = buckets.find(({ name }) => name === bucket.name);
    bucketIds.set(bucket.name, existing?.id ?? (await createBucket(context, bucket)));
    if (existing !== undefined) await updateBucket(context, existing, bucket);
  }
  for (const { name, description } of buckets) {
    if (description === ownershipMark && !bucketIds.has(name)) {
      const detail = "no longer desired; delete it by hand if its data may go";
      changes.push({ action: "kept", what: `bucket ${name}`, detail });
    }
  }
}

async function createBucket(context: Context, bucket: DesiredBucket): Promise<string> {
  const { id } = await context.api.request<Bucket>({
    method: "POST",
    path: "/api/v2/buckets",
    body: { orgID: context.organizationId, ...bucketBody(bucket) },
  });
  const detail = `keeps ${days(bucket.retentionSeconds)}`;
  context.changes.push({ action: "created", what: `bucket ${bucket.name}`, detail });
  return id;
}

async function updateBucket(context: Context, existing: Bucket, bucket: DesiredBucket): Promise<void> {
  const rule = existing.retentionRules[0];
  const differences = [
    ...differing("keeps", days(rule?.everySeconds), days(bucket.retentionSeconds)),
    // InfluxDB Cloud has no shard groups, and tells none.
    ...(rule?.shardGroupDurationSeconds === undefined
      ? []
      : differing("shard groups of", days(rule.shardGroupDurationSeconds), days(bucket.shardGroupSeconds))),
    ...differing("description", existing.description ?? "", ownershipMark),
  ];
  if (differences.length === 0) return;
  const path = `/api/v2/buckets/${existing.id}`;
  await context.api.request({ method: "PATCH", path, body: bucketBody(bucket) });
  context.changes.push({ action: "updated", what: `bucket ${bucket.name}`, detail: differences.join(", ") });
}

function bucketBody(bucket: DesiredBucket): object {
  const { name, retentionSeconds: everySeconds, shardGroupSeconds: shardGroupDurationSeconds } = bucket;
  const retentionRules = [{ type: "expire", everySeconds, shardGroupDurationSeconds }];
  return { name, description: ownershipMark, retentionRules };
}

interface DatabaseMapping {
  id: string;
  database: string;
  retention_policy: string;
  bucketID: string;
  default: boolean;
  virtual?: boolean;
}

async function reconcileDatabaseMappings(context: Context): Promise<void> {
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

interface Permission {
  action: "read" | "write";
  resource: { type: string; id?: string; orgID?: string };
}

interface LegacyAuthorization {
  id: string;
  /** The user name. */
  token: string;
  status: "active" | "inactive";
  description: string;
  permissions: Permission[];
}

const legacyAuthorizations = "/private/legacy/authorizations";

async function reconcileCredentials(context: Context): Promise<void> {
  const { api, desired, organizationId, changes } = context;
  // A hosted InfluxDB doesn't know such credentials, and answers the question for them with an error.
  if (desired.credentials.length === 0) return;
  const { authorizations } = await api.request<{ authorizations: LegacyAuthorization[] }>({
    path: `${legacyAuthorizations}?orgID=${organizationId}`,
  });
  const wantedNames = desired.credentials.map(({ username }) => username);
  for (const credential of desired.credentials) {
    const existing = authorizations.find(({ token }) => token === credential.username);
    await ensureCredential(context, credential, existing);
  }
  for (const authorization of authorizations) {
    if (wantedNames.includes(authorization.token) || authorization.description !== ownershipMark) continue;
    await deleteAuthorization(api, authorization);
    changes.push({ action: "deleted", what: `credential ${authorization.token}` });
  }
}

async function ensureCredential(
  context: Context,
  credential: DesiredCredential,
  existing: LegacyAuthorization | undefined,
): Promise<void> {
  const { api, desired, passwords, organizationId, changes } = context;
  const { username, passwordVariable } = credential;
  const what = `credential ${username}`;
  const permissions = permissionsOf(context, credential, what);
  const password = passwords[passwordVariable];
  if (password === undefined) throw new Error(`${what}: no password: set ${passwordVariable}`);
  if (existing !== undefined && samePermissions(existing, permissions)) {
    const database = desired.databaseMappings[0]?.database ?? "";
    if (await api.acceptsPassword(username, password, database)) return;
    await setPassword(api, existing.id, password);
    changes.push({ action: "updated", what, detail: "password" });
    return;
  }
  // The permissions of an authorization can't be changed, only replaced with it.
  if (existing !== undefined) await deleteAuthorization(api, existing);
  const { id } = await api.request<LegacyAuthorization>({
    method: "POST",
    path: legacyAuthorizations,
    body: {
      token: username,
      orgID: organizationId,
      status: "active",
      description: ownershipMark,
      permissions,
    },
  });
  await setPassword(api, id, password);
  const action = existing === undefined ? "created" : "updated";
  changes.push({ action, what, detail: rights(credential) });
}

function permissionsOf(context: Context, credential: DesiredCredential, what: string): Permission[] {
  const on = (action: Permission["action"], names: readonly string[]): Permission[] =>
    names.map((name) => ({
      action,
      resource: { type: "buckets", id: requiredBucket(context, name, what), orgID: context.organizationId },
    }));
  return [...on("read", credential.read), ...on("write", credential.write)];
}

function samePermissions(existing: LegacyAuthorization, permissions: readonly Permission[]): boolean {
  const keys = (all: readonly Permission[]): string =>
    all
      .map(({ action, resource }) => `${action} ${resource.type} ${resource.id ?? "*"}`)
      .sort()
      .join("\n");
  return existing.status === "active" && keys(existing.permissions) === keys(permissions);
}

async function setPassword(api: InfluxApi, id: string, password: string): Promise<void> {
  await api.request({ method: "POST", path: `${legacyAuthorizations}/${id}/password`, body: { password } });
}

async function deleteAuthorization(api: InfluxApi, authorization: LegacyAuthorization): Promise<void> {
  await api.request({ method: "DELETE", path: `${legacyAuthorizations}/${authorization.id}` });
}

function rights({ read, write }: DesiredCredential): string {
  const part = (verb: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${verb} ${names.join(", ")}`];
  return [...part("reads", read), ...part("writes", write)].join("; ");
}

/** Nobody can read a secret back, so each is written anew, and only one that was not there counts as a change. */
async function reconcileSecrets(context: Context): Promise<void> {
  const { api, desired, passwords, organizationId, changes } = context;
  if (desired.secrets === undefined || desired.secrets.length === 0) return;
  const path = `/api/v2/orgs/${organizationId}/secrets`;
  const { secrets: keys } = await api.request<{ secrets: string[] | null }>({ path });
  for (const { key, valueVariable } of desired.secrets) {
    const value = passwords[valueVariable];
    if (value === undefined) throw new Error(`secret ${key}: no value: set ${valueVariable}`);
    await api.request({ method: "PATCH", path, body: { [key]: value } });
    if (keys?.includes(key) !== true) changes.push({ action: "created", what: `secret ${key}` });
  }
}

interface Task {
  id: string;
  name: string;
  flux: string;
  status: "active" | "inactive";
  description?: string;
}

async function reconcileTasks(context: Context): Promise<void> {
  const { api, desired, changes } = context;
  const existing = await allTasks(context);
  for (const task of desired.tasks) {
    await ensureTask(
      context,
      task,
      existing.find(({ name }) => name === task.name),
    );
  }
  const names = new Set(desired.tasks.map(({ name }) => name));
  const seen = new Set<string>();
  for (const task of existing) {
    // Names of tasks needn't be unique: a second one of the same name would do the same work again.
    const surplus = !names.has(task.name) || seen.has(task.name);
    seen.add(task.name);
    if (!surplus || task.description !== ownershipMark) continue;
    await api.request({ method: "DELETE", path: `/api/v2/tasks/${task.id}` });
    changes.push({ action: "deleted", what: `task ${task.name}` });
  }
}

async function ensureTask(context: Context, desired: FluxTask, existing: Task | undefined): Promise<void> {
  const { api, organizationId, changes } = context;
  const { name, flux } = desired;
  const what = `task ${name}`;
  const body = { flux, status: "active", description: ownershipMark };
  if (existing === undefined) {
    await api.request({ method: "POST", path: "/api/v2/tasks", body: { orgID: organizationId, ...body } });
    changes.push({ action: "created", what });
    return;
  }
  const differences = [
    ...(existing.flux === flux ? [] : ["script"]),
    ...differing("status", existing.status, "active"),
    ...differing("description", existing.description ?? "", ownershipMark),
  ];
  if (differences.length === 0) return;
  await api.request({ method: "PATCH", path: `/api/v2/tasks/${existing.id}`, body });
  changes.push({ action: "updated", what, detail: differences.join(", ") });
}

async function allTasks(context: Context): Promise<Task[]> {
  const pageSize = 100;
  const all: Task[] = [];
  for (;;) {
    const last = all.at(-1);
    const after = last === undefined ? "" : `&after=${last.id}`;
    const { tasks } = await context.api.request<{ tasks: Task[] }>({
      path: `/api/v2/tasks?orgID=${context.organizationId}&limit=${pageSize}${after}`,
    });
    all.push(...tasks);
    if (tasks.length < pageSize) return all;
  }
}

function requiredBucket(context: Context, name: string, what: string): string {
  const id = context.bucketIds.get(name);
  if (id === undefined) {
    throw new Error(`${what} names the bucket ${name}, which is not in the desired state: add it to buckets`);
  }
  return id;
}

function differing(what: string, is: string, shallBe: string): string[] {
  return is === shallBe ? [] : [`${what} ${shallBe} instead of ${is === "" ? "nothing" : is}`];
}

function days(seconds: number | undefined): string {
  return seconds === undefined ? "nothing" : `${seconds / 86_400} d`;
}
