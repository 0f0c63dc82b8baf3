import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { whyNoCgroups } from "../../../local/node/cgroups";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "ds-monitoring-cgroups-"));
});
after(() => rm(directory, { recursive: true, force: true }));

let count = 0;
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = join(directory, String(count++));
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

test("control groups of version 1, and of version 2 where the kubelet's groups get their controllers", async () => {
  const all = "cpuset cpu io memory hugetlb pids\n";
  const possible: Record<string, string>[] = [
    { "memory/cgroup.procs": "1\n" },
    // The machine's own first group.
    { "cgroup.controllers": all, "cgroup.subtree_control": "", "cgroup.procs": "1\n2\n" },
    // A container's, whose processes were moved to another, or whose manager has given the controllers.
    { "cgroup.controllers": all, "cgroup.type": "domain\n", "cgroup.procs": "" },
    { "cgroup.controllers": all, "cgroup.type": "domain\n", "cgroup.subtree_control": "cpu memory pids\n" },
  ];
  for (const files of possible) assert.equal(await whyNoCgroups(await folderWith(files)), undefined);
});

test("why the kubelet can't have its control groups", async () => {
  assert.match((await whyNoCgroups(await folderWith({}))) ?? "", /^there are no control groups in /);
  const hybrid = { "cgroup.controllers": "hugetlb\n" };
  assert.match(
    (await whyNoCgroups(await folderWith(hybrid))) ?? "",
    /lacks the controllers cpu, memory, pids$/,
  );
  const container = {
    "cgroup.controllers": "cpu memory pids\n",
    "cgroup.type": "domain\n",
    "cgroup.procs": "1\n",
  };
  assert.match((await whyNoCgroups(await folderWith(container))) ?? "", /has processes, .*--cgroupns=host/);
});

// What the kernel gives version 2 here may be one controller; the rules are the same for each.
const program = `
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { hasCgroups, makeCgroups, removeCgroups } from "./local/node/cgroups";
const root = "/sys/fs/cgroup/";
const read = (file: string) => readFileSync(root + file, "utf8").split(/\\s+/).filter((word) => word !== "");
const name = "ds-monitoring-test-" + process.pid;
const before = read("cgroup.subtree_control");
const controllers = read("cgroup.controllers");
assert.ok(controllers.length > 0, "no controllers");
void (async () => {
  try {
    await makeCgroups(name);
    assert.deepEqual(read(name + "/cgroup.controllers"), controllers);
    mkdirSync(root + name + "/pods/one", { recursive: true });
    const pod = spawn("sleep", ["60"]);
    writeFileSync(root + name + "/pods/one/cgroup.procs", String(pod.pid));
    assert.deepEqual(read(name + "/pods/one/cgroup.procs"), [String(pod.pid)]);
    setTimeout(() => pod.kill("SIGKILL"), 300);
    await removeCgroups(name);
    assert.equal(await hasCgroups(name), false);
    assert.equal(existsSync(root + name), false);
    console.log("done");
  } finally {
    for (const one of controllers.filter((one) => !before.includes(one)))
      writeFileSync(root + "cgroup.subtree_control", "-" + one);
  }
})();
`;

test(
  "groups of version 2 get all controllers, and are removed when their processes have ended",
  { timeout: 60_000 },
  async (t) => {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      return t.skip("SKIPPED: control groups are made by root, on Linux");
    const mounted = await run("unshare", [
      ...[
        "--mount",
        "sh",
        "-c",
        "mount -t cgroup2 none /sys/fs/cgroup && cat /sys/fs/cgroup/cgroup.controllers",
      ],
    ]);
    if (mounted.code !== 0 || mounted.stdout.trim() === "")
      return t.skip(`SKIPPED: no control groups of version 2 here: ${mounted.stderr.trim()}`);
    const file = join(directory, "program.mts");
    await writeFile(file, program.replaceAll("./local/", `${repositoryRoot}/local/`));
    const script = 'mount -t cgroup2 none /sys/fs/cgroup && exec "$0" --import tsx "$1"';
    const result = await run("unshare", ["--mount", "sh", "-c", script, process.execPath, file], {
      cwd: repositoryRoot,
      timeoutMs: 50_000,
    });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^done$/m);
  },
);
