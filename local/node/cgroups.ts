import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../processes";

const root = "/sys/fs/cgroup";

/** The hierarchies of cgroups on this machine: one in version 2, one for each controller in version 1. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(root, "cgroup.controllers"))) return [root];
  const names = await readdir(root).catch(() => []);
  return names.map((name) => join(root, name)).filter((folder) => existsSync(join(folder, "cgroup.procs")));
}

/** Of those that version 2 has, the kubelet wants these in its groups. */
const neededControllers = ["cpu", "memory", "pids"];

/** Why the kubelet can't have the control groups that it needs, or undefined when it can. Nothing is changed. */
export async function whyNoCgroups(folder = root): Promise<string | undefined> {
  const words = async (file: string): Promise<string[]> =>
    (await readFile(join(folder, file), "utf8").catch(() => "")).split(/\s+/).filter((word) => word !== "");
  if (!existsSync(join(folder, "cgroup.controllers"))) {
    const isFirst = existsSync(join(folder, "memory", "cgroup.procs"));
    return isFirst ? undefined : `there are no control groups in ${folder}`;
  }
  const controllers = await words("cgroup.controllers");
  const missing = neededControllers.filter((name) => !controllers.includes(name));
  if (missing.length > 0) return `the control group ${folder} lacks the controllers ${missing.join(", ")}`;
  const given = await words("cgroup.subtree_control");
  if (neededControllers.every((name) => given.includes(name))) return undefined;
  // Of all groups only the very first, which has no type, may have processes and give controllers to its children.
  if (!existsSync(join(folder, "cgroup.type")) || (await words("cgroup.procs")).length === 0)
    return undefined;
  return `the control group ${folder} has processes, so it can't give controllers to other groups; give the container the machine's own (docker: --cgroupns=host)`;
}

/** Make a group of that name in each hierarchy. */
export async function makeCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    // In version 2 a group has the controllers that its parent gives its children, and the kubelet wants all there are.
    const controllers = await readFile(join(hierarchy, "cgroup.controllers"), "utf8").catch(() => "");
    for (const controller of controllers.split(/\s+/).filter((one) => one !== ""))
      await writeFile(join(hierarchy, "cgroup.subtree_control"), `+${controller}`).catch(() => undefined);
    await mkdir(join(hierarchy, name), { recursive: true });
    // A cpuset of version 1 takes no process before it has processors and memory of its own.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const value = await readFile(join(hierarchy, file), "utf8").catch(() => undefined);
      if (value !== undefined) await writeFile(join(hierarchy, name, file), value);
    }
  }
}

/** Remove the groups of that name and those below them, as soon as the processes in them have ended (at most 20 s). */
export async function removeCgroups(name: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (const hierarchy of await hierarchies()) {
    const group = join(hierarchy, name);
    while (existsSync(group) && Date.now() < deadline) {
      await removeTree(group);
      if (existsSync(group)) await sleep(100);
    }
  }
}

/** Whether a group of that name is left anywhere. */
export async function hasCgroups(name: string): Promise<boolean> {
  return (await hierarchies()).some((hierarchy) => existsSync(join(hierarchy, name)));
}

async function removeTree(group: string): Promise<void> {
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(group, entry.name));
  // One that still has processes can't be removed yet.
  await rmdir(group).catch(() => undefined);
}
