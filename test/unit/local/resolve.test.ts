import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { resolveTool, ToolUnavailableError, whyUnavailable } from "../../../local/tools/resolve";

/** Folders with programs that are shell scripts; `go` makes what the real one would. */
async function machine(t: TestContext, programs: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), "ds-monitoring-resolve-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const bin = join(root, "bin");
  await mkdir(bin);
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const modules = join(root, "modules");
  await mkdir(join(modules, "etcd"), { recursive: true });
  await writeFile(join(modules, "etcd", "go.mod"), "module x\n\nrequire go.etcd.io/etcd/server/v3 v3.6.13\n");
  await writeFile(join(modules, "etcd", "go.sum"), "");
  const lines: string[] = [];
  return {
    bin,
    lines,
    tools: join(root, "tools"),
    modules,
    options: {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      toolsDirectory: join(root, "tools"),
      modulesDirectory: modules,
      log: (line: string) => void lines.push(line),
    },
  };
}

/** Writes an executable at the argument after -o, and counts its runs. */
const fakeGo = `
echo run >> "$(dirname "$0")/../go-runs"
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho built\\n' > "$2"
chmod +x "$2"`;

async function runs(bin: string): Promise<number> {
  const text = await readFile(join(bin, "..", "go-runs"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "").length;
}

test("a tool on PATH whose version fits is used as it is", async (t) => {
  const { bin, options } = await machine(t, { etcd: "echo 'etcd Version: 3.5.9'" });
  const tool = await resolveTool("etcd", options);
  assert.deepEqual(tool, { name: "etcd", path: join(bin, "etcd"), source: "path", version: "3.5.9" });
});

test("one that is too old is built instead, and the reason is reported", async (t) => {
  const { options, lines, tools } = await machine(t, { etcd: "echo 'etcd Version: 3.4.0'", go: fakeGo });
  const tool = await resolveTool("etcd", options);
  assert.equal(tool.source, "built");
  assert.equal(tool.version, "v3.6.13");
  assert.ok(tool.path.startsWith(tools));
  assert.match(lines[0] ?? "", /version 3\.4\.0, wanted >=3\.5 <4/);
});

test("a build is made once, again when its entry is broken or its pins change", async (t) => {
  const { bin, options, modules } = await machine(t, { go: fakeGo });
  const first = await resolveTool("etcd", options);
  await resolveTool("etcd", options);
  assert.equal(await runs(bin), 1);

  await chmod(first.path, 0o644);
  await resolveTool("etcd", options);
  assert.equal(await runs(bin), 2, "an entry that cannot be run is rebuilt");

  await writeFile(join(modules, "etcd", "go.sum"), "example.com/a v1.0.0 h1:x\n");
  const other = await resolveTool("etcd", options);
  assert.equal(await runs(bin), 3);
  assert.notEqual(other.path, first.path);
});

test("two that want the same tool at once build it once", async (t) => {
  const { bin, options } = await machine(t, { go: `sleep 0.5\n${fakeGo}` });
  const both = await Promise.all([resolveTool("etcd", options), resolveTool("etcd", options)]);
  assert.equal(both[0].path, both[1].path);
  assert.equal(await runs(bin), 1);
});

test("a lock of a process that is gone does not hold a build up", async (t) => {
  const { bin, options, tools } = await machine(t, { go: fakeGo });
  const { path } = await resolveTool("etcd", options);
  const entry = join(path, "..");
  await rm(entry, { recursive: true });
  // Its holder would have refreshed it since.
  await mkdir(`${entry}.locked`);
  const minuteAgo = new Date(Date.now() - 60_000);
  await utimes(`${entry}.locked`, minuteAgo, minuteAgo);
  await resolveTool("etcd", options);
  assert.equal(await runs(bin), 2);
  assert.deepEqual(
    await readdir(tools),
    [entry.slice(tools.length + 1)],
    "neither lock nor temporary folder stays",
  );
});

test("a failing build shows the compiler's words and leaves nothing", async (t) => {
  const { options, tools } = await machine(t, { go: "echo 'main.go:1: no such thing' >&2; exit 1" });
  await assert.rejects(resolveTool("etcd", options), (error: Error) => {
    assert.ok(error instanceof ToolUnavailableError);
    assert.match(error.message, /building etcd v3\.6\.13 failed[\s\S]*no such thing/);
    return true;
  });
  assert.deepEqual(await readdir(tools), []);
});

test("versions are read from what programs print", async (t) => {
  for (const [output, version] of [
    ["Kubernetes v1.34.4", "1.34.4"],
    ["kube-apiserver, version 1.34.1 (branch: x)", "1.34.1"],
    ["nothing (branch: )", undefined],
    ["Kubernetes v1.35.0", undefined],
  ]) {
    const { options } = await machine(t, { "kube-apiserver": `echo '${output}'` });
    const tool = await resolveTool("kube-apiserver", { ...options, build: false }).catch(() => undefined);
    assert.equal(tool?.version, version, output);
  }
});

test("folders of modules are put beside our own sources, which go before them", async (t) => {
  const { options, modules, bin, tools } = await machine(t, {
    go: `
root="$(dirname "$0")/.."
case "$1" in mod) echo "{\\"Dir\\":\\"$root/module\\"}"; exit;; esac
cat main.go sdk/file.go > "$root/compiled"
${fakeGo}`,
  });
  const folder = join(modules, "pulumi-resource-kubernetes");
  const module = join(bin, "..", "module", "cmd", "pulumi-resource-kubernetes");
  for (const path of [folder, module]) await mkdir(path, { recursive: true });
  const pins = ["provider/v4 v4.0.0-20260115033456-f47bc2d6f199", "sdk/v4 v4.24.0"];
  const goMod = pins.map((pin) => `require github.com/pulumi/pulumi-kubernetes/${pin}\n`).join("");
  await writeFile(join(folder, "go.mod"), `module x\n\n${goMod}`);
  await writeFile(join(folder, "go.sum"), "");
  await writeFile(join(folder, "main.go"), "ours\n");
  await writeFile(join(module, "main.go"), "theirs\n");
  await writeFile(join(module, "..", "..", "file.go"), "sdk\n");
  const { path } = await resolveTool("pulumi-resource-kubernetes", options);
  assert.equal(await readFile(join(bin, "..", "compiled"), "utf8"), "ours\nsdk\n");
  assert.deepEqual(await readdir(join(path, "..")), ["pulumi-resource-kubernetes"], "the sources go");
  assert.equal((await readdir(tools)).length, 1);
});

test("a tool in Debian packages is unpacked with what they depend on, where the system lacks the preferred ones", async (t) => {
  const { bin, options, tools } = await machine(t, {
    "apt-get": `
case " $* " in
  *" install "*" cargo-web "*) echo "E: Unable to locate package cargo-web" >&2; exit 100 ;;
  *" install "*)
    echo "'http://debian.invalid/cargo_1%3a1.85_amd64.deb' cargo_1%3a1.85_amd64.deb 1 SHA256:0"
    echo "'http://debian.invalid/libgit2_1-2_amd64.deb' libgit2_1-2_amd64.deb 1 SHA256:0" ;;
  *" download "*)
    for argument; do case "$argument" in *=1*) touch "$argument.deb"; echo "$argument" >> "$(dirname "$0")/../asked" ;; esac; done ;;
esac`,
    "dpkg-deb": `
mkdir -p "$3/usr/bin" "$3/usr/lib/x86_64-linux-gnu"
printf '#!/bin/sh\\necho "cargo with $LD_LIBRARY_PATH"\\n' > "$3/usr/bin/cargo"
chmod +x "$3/usr/bin/cargo"`,
  });
  const path = process.env.PATH;
  t.after(() => (process.env.PATH = path));
  process.env.PATH = options.env.PATH;
  // Without those of this machine.
  const env = { PATH: bin };
  const tool = await resolveTool("cargo", { ...options, env });
  assert.equal(tool.source, "unpacked");
  assert.ok(tool.path.startsWith(tools));
  assert.deepEqual((await readFile(join(bin, "..", "asked"), "utf8")).trim().split("\n"), [
    "cargo=1:1.85",
    "libgit2=1-2",
  ]);
  const { stdout } = await promisify(execFile)(tool.path);
  assert.match(stdout, /^cargo with .*\/root\/usr\/lib\/x86_64-linux-gnu\n$/);
});

test("what is missing is named, with the way to get it", async (t) => {
  const { options, bin } = await machine(t, {});
  const bare = { ...options, env: { PATH: bin } };
  await assert.rejects(resolveTool("etcd", bare), /needs go, which is not on PATH\. Install Go/);
  await assert.rejects(
    resolveTool("fluentd", bare),
    /fluentd .* is not on PATH\. Install it: gem install fluentd/,
  );
  assert.match((await whyUnavailable(["etcd"], bare)) ?? "", /needs go, which is not on PATH/);
});

test("what only has to be built can be had, and nothing is built to find out", async (t) => {
  const { bin, options } = await machine(t, { go: fakeGo });
  await assert.rejects(resolveTool("etcd", { ...options, build: false }), /run `make tools`/);
  assert.equal(await whyUnavailable(["etcd"], options), undefined);
  assert.equal(await runs(bin), 0);
});
