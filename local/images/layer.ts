import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Header, pack, type Pack } from "tar-stream";
import type { Entry } from "./entries";

/** A layer of an image, as a compressed tar on this machine. */
export interface Layer {
  /** The compressed tar. */
  file: string;
  /** Its SHA-256, e.g. `sha256:0a…`. */
  digest: string;
  /** Its size in bytes. */
  size: number;
  /** SHA-256 of the tar before it was compressed. */
  diffId: string;
  /** The paths in it. */
  paths: ReadonlySet<string>;
}

/** Raised when this file writes the same entries in another way. */
const format = 2;

/**
 * Write a layer of these entries into a cache folder, unless it is there already.
 *
 * @param below the layer that it is put on: what that has at the same paths is left out
 */
export async function layerOf(cache: string, entries: readonly Entry[], below?: Layer): Promise<Layer> {
  const own = new Map<string, Entry>();
  for (const entry of entries) if (below?.paths.has(entry.path) !== true) own.set(entry.path, entry);
  const complete = withFolders([...own.values()], below?.paths ?? new Set());
  const paths = new Set([...(below?.paths ?? []), ...complete.map(({ path }) => path)]);
  const key = createHash("sha256")
    .update(JSON.stringify([format, complete]))
    .digest("hex")
    .slice(0, 24);
  await mkdir(cache, { recursive: true });
  const file = join(cache, `${key}.tar.gz`);
  const description = join(cache, `${key}.json`);
  const known = await readFile(description, "utf8").catch(() => undefined);
  if (known !== undefined) {
    await markUsed(file, description);
    return { file, paths, ...(JSON.parse(known) as Written) };
  }
  const temporary = join(cache, `${key}.${randomUUID()}`);
  const written = await write(temporary, complete);
  await rename(temporary, file);
  // Written last: without it the layer was not finished.
  await writeFile(description, JSON.stringify(written));
  return { file, paths, ...written };
}

const unusedMs = 3600 * 1000;

/** Files that are used now are kept by {@link removeUnused}. */
export async function markUsed(...files: string[]): Promise<void> {
  for (const file of files) await utimes(file, new Date(), new Date());
}

/** Remove the files of a folder that nobody has used for an hour: other checkouts may be using theirs. */
export async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    // Another process may just have renamed it.
    const used = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - used > unusedMs) await rm(file, { force: true });
  }
}

type Written = Pick<Layer, "digest" | "size" | "diffId">;

/** The entries with the folders above them, in the order of their paths. */
function withFolders(entries: readonly Entry[], present: ReadonlySet<string>): Entry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let above = posix.dirname(path); above !== "/"; above = posix.dirname(above)) {
      if (all.has(above) || present.has(above)) continue;
      all.set(above, { path: above, content: { kind: "folder" }, mode: 0o755 });
    }
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function write(path: string, entries: readonly Entry[]): Promise<Written> {
  const tar = pack();
  const unpacked = createHash("sha256");
  const packed = createHash("sha256");
  const [, { size }] = await Promise.all([
    addAll(tar, entries),
    pipeline(tar, hashing(unpacked), createGzip({ level: 1 }), hashing(packed), createWriteStream(path)).then(
      () => stat(path),
    ),
  ]);
  return { digest: `sha256:${packed.digest("hex")}`, size, diffId: `sha256:${unpacked.digest("hex")}` };
}

/** Passes everything on, and adds it to the hash. */
function hashing(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash.update(piece);
      done(undefined, piece);
    },
  });
}

async function addAll(tar: Pack, entries: readonly Entry[]): Promise<void> {
  for (const { path, content, mode, uid = 0, gid = 0 } of entries) {
    const header: Partial<Header> & Pick<Header, "name"> = {
      name: path.slice(1),
      mode,
      uid,
      gid,
      mtime: new Date(0),
    };
    switch (content.kind) {
      case "folder":
        tar.entry({ ...header, type: "directory" });
        break;
      case "link":
        tar.entry({ ...header, type: "symlink", linkname: content.target });
        break;
      case "text":
        tar.entry(header, content.text);
        break;
      case "file": {
        // The time is kept: Python compiles a module again whose time is not that of its compiled form.
        const sink = tar.entry({ ...header, size: content.size, mtime: content.modified });
        await pipeline(createReadStream(content.source), sink);
        break;
      }
    }
  }
  tar.finalize();
}
