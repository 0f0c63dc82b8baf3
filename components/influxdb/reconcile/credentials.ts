import type { DesiredCredential } from "../desiredState";
import type { InfluxApi } from "../influxApi";
import { type Context, ownershipMark, requiredBucket } from "./context";

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

/** Creates, repairs and deletes user names, with their passwords and permissions. */
export async function reconcileCredentials(context: Context): Promise<void> {
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
