import type { FluxTask } from "../flux";
import { type Context, differing, ownershipMark } from "./context";

/** A secret cannot be read back, so each is written anew, and only one that did not exist counts as a change. */
export async function reconcileSecrets(context: Context): Promise<void> {
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

/** Creates, repairs and deletes tasks. */
export async function reconcileTasks(context: Context): Promise<void> {
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
