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
