import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { images } from "../../../components/images";
import { writeArchive } from "../../../local/images/archive";
import { fullName } from "../../../local/images/assemble";
import { accounts } from "../../../local/images/base";
import { type Entry, file, folder, libraries, link, text, tree } from "../../../local/images/entries";
import { type Layer, layerOf, removeUnused } from "../../../local/images/layer";
import { localImages } from "../../../local/images/localImages";
import { recipes } from "../../../local/images/recipes/recipes";
import { run } from "../../../local/processes";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "images-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const sha256 = (data: Buffer): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** What the system's own tar lists: kind and mode, owner, size, and path with the target of a link. */
async function listed(layer: Layer): Promise<string[]> {
  const { stdout } = await run("tar", ["--numeric-owner", "--utc", "-tvzf", layer.file]);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^(\S+) (\S+) +(\d+) \S+ \S+ /, "$1 $2 $3 "));
}

describe("layers", () => {
  test("hold files, folders and links with their owners and modes, parents first", async () => {
    const layer = await layerOf(join(directory, "kinds"), [
      text("/opt/tool/run.sh", "exit 0\n", 0o755),
      folder("/var/lib/data", 0o700, { uid: 1000, gid: 1001 }),
      link("/bin", "usr/bin"),
    ]);
    assert.deepEqual(await listed(layer), [
      "lrwxrwxrwx 0/0 0 bin -> usr/bin",
      "drwxr-xr-x 0/0 0 opt",
      "drwxr-xr-x 0/0 0 opt/tool",
      "-rwxr-xr-x 0/0 7 opt/tool/run.sh",
      "drwxr-xr-x 0/0 0 var",
      "drwxr-xr-x 0/0 0 var/lib",
      "drwx------ 1000/1001 0 var/lib/data",
    ]);
  });

  test("have the digests that the OCI image specification asks for", async () => {
    const layer = await layerOf(join(directory, "digests"), [text("/a", "a".repeat(100_000))]);
    const packed = await readFile(layer.file);
    assert.equal(layer.digest, sha256(packed));
    assert.equal(layer.size, packed.length);
    assert.equal(layer.diffId, sha256(gunzipSync(packed)));
  });

  test("leave out what the layer below has, its folders included", async () => {
    const cache = join(directory, "below");
    const below = await layerOf(cache, [text("/etc/hosts", "1"), text("/etc/passwd", "2")]);
    const own = await layerOf(cache, [text("/etc/hosts", "1"), text("/etc/group", "3")], below);
    assert.deepEqual(await listed(own), ["-rw-r--r-- 0/0 1 etc/group"]);
  });

  test("are written once, and again when a file has changed", async () => {
    const cache = join(directory, "cache");
    const source = join(directory, "changing");
    await writeFile(source, "one");
    const first = await layerOf(cache, [await file("/f", source)]);
    assert.equal((await layerOf(cache, [await file("/f", source)])).file, first.file);
    await utimes(source, new Date(), new Date(1000));
    assert.notEqual((await layerOf(cache, [await file("/f", source)])).file, first.file);
  });
});

test("of the cache, what nobody has used for an hour is removed", async () => {
  const cache = await mkdtemp(join(tmpdir(), "images-cache-"));
  try {
    const of = (content: string) => layerOf(cache, [text("/a", content)]);
    const [used, unused] = [await of("used"), await of("unused")];
    const earlier = new Date(Date.now() - 2 * 3600 * 1000);
    for (const name of await readdir(cache)) await utimes(join(cache, name), earlier, earlier);
    await of("used");
    await removeUnused(cache);
    assert.ok(existsSync(used.file));
    assert.ok(!existsSync(unused.file));
    assert.equal((await readdir(cache)).length, 2, "the layer and its description");
  } finally {
    await rm(cache, { recursive: true });
  }
});

describe("files of this machine", () => {
  test("a file in /bin goes to /usr/bin: in a layer it would hide the base's link", async () => {
    const source = join(directory, "program");
    await writeFile(source, "");
    await chmod(source, 0o750);
    assert.deepEqual(
      [await file("/bin/x", source), await file("/lib64/y", source), await file("/libexec/z", source)].map(
        ({ path, mode }) => [path, mode.toString(8)],
      ),
      [
        ["/usr/bin/x", "755"],
        ["/usr/lib64/y", "755"],
        ["/libexec/z", "755"],
      ],
    );
  });

  test("of a folder, links are followed, names left out, and a link upwards ends", async () => {
    const source = join(directory, "tree");
    await mkdir(join(source, "package", "tests"), { recursive: true });
    for (const name of ["package/a.py", "package/tests/b.py", "libc.a"]) {
      await writeFile(join(source, name), name);
    }
    await symlink("package/a.py", join(source, "alias.py"));
    await symlink("..", join(source, "package", "up"));
    const entries = await tree("/lib/python", source, { without: ["tests", "up"] });
    assert.deepEqual(entries.map(({ path }) => path).sort(), [
      "/usr/lib/python/alias.py",
      "/usr/lib/python/package/a.py",
    ]);
    const endless = await tree("/x", source);
    assert.ok(endless.length < 200, `${endless.length} files`);
  });

  test(
    "a program's libraries are those that the loader finds",
    { skip: process.platform !== "linux" },
    async () => {
      const paths = (await libraries([process.execPath])).map(({ path }) => path);
      // Loaded into this very process, as the kernel lists it.
      const maps = await readFile("/proc/self/maps", "utf8");
      const loaded = new Set(
        [...maps.matchAll(/(\/\S+\/(?:libc|libm|libstdc\+\+)[.\w-]*\.so[.\d]*)$/gm)].map((found) => found[1]),
      );
      const names = (all: Iterable<string | undefined>) =>
        [...all].map((path) => path?.replace(/.*\/([^.]+)\.so.*/, "$1"));
      for (const name of names(loaded))
        assert.ok(names(paths).includes(name), `${name} in ${paths.join(", ")}`);
    },
  );
});

test("an archive is an OCI image layout: each blob has the digest and size that names it", async () => {
  const layer = await layerOf(join(directory, "image"), [text("/hello", "hello")]);
  const archive = await writeArchive(
    join(directory, "archives"),
    "docker.io/library/hello:1.0",
    { User: "1000", Entrypoint: ["/hello"], Labels: { "ds-monitoring.assembled": "true" } },
    [layer],
  );
  const unpacked = join(directory, "layout");
  await mkdir(unpacked);
  assert.equal((await run("tar", ["-xf", archive, "-C", unpacked])).code, 0);
  type Blob = { digest: string; size: number };
  const read = async <Content>(path: string): Promise<Content> =>
    JSON.parse(await readFile(join(unpacked, path), "utf8")) as Content;
  const blob = async ({ digest, size }: Blob): Promise<string> => {
    const path = `blobs/${digest.replace(":", "/")}`;
    const data = await readFile(join(unpacked, path));
    assert.deepEqual([sha256(data), data.length], [digest, size]);
    return path;
  };

  assert.deepEqual(await read("oci-layout"), { imageLayoutVersion: "1.0.0" });
  const index = await read<{ manifests: [Blob & { annotations: object }] }>("index.json");
  const [entry] = index.manifests;
  assert.deepEqual(entry.annotations, {
    "io.containerd.image.name": "docker.io/library/hello:1.0",
    "org.opencontainers.image.ref.name": "1.0",
  });
  const manifest = await read<{ config: Blob; layers: Blob[] }>(await blob(entry));
  for (const one of manifest.layers) await blob(one);
  const config = await read<{ rootfs: object; config: { User: string } }>(await blob(manifest.config));
  assert.deepEqual(config.rootfs, { type: "layers", diff_ids: [layer.diffId] });
  assert.equal(config.config.User, "1000");
});

test("every image of the platform and of the sample has a recipe", () => {
  for (const image of Object.values(images)) {
    assert.equal(localImages.includes(image), image !== images.rclone, image);
  }
  for (const image of localImages) {
    assert.ok(recipes[image.slice(0, image.lastIndexOf(":"))] !== undefined, image);
  }
});

test("names are completed as Docker and the kubelet do", () => {
  assert.deepEqual(
    ["influxdb:2", "prom/alertmanager:v1", "localhost:5000/a:1", "ghcr.io/a/b:1"].map(fullName),
    ["docker.io/library/influxdb:2", "docker.io/prom/alertmanager:v1", "localhost:5000/a:1", "ghcr.io/a/b:1"],
  );
});

test("an image's user is in /etc/passwd, besides those of every system", () => {
  const content = (entries: Entry[], path: string): string | undefined => {
    const found = entries.find((entry) => entry.path === path)?.content;
    return found?.kind === "text" ? found.text : undefined;
  };
  const entries = accounts({ name: "grafana", uid: 472, gid: 0, home: "/usr/share/grafana" });
  assert.equal(
    content(entries, "/etc/passwd"),
    "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n" +
      "grafana:x:472:0::/usr/share/grafana:/bin/sh\n",
  );
  assert.equal(content(entries, "/etc/group"), "root:x:0:\nnobody:x:65534:\n");
});
