import { createHash, type Hash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, type Gzip } from "node:zlib";
import { type Day, isDay } from "./days";
import { type ArchivedFile, type Manifest, parseManifest } from "./manifest";

/** The volume has no room left: nothing more can be archived. */
export class VolumeFullError extends Error {}

const manifestName = "manifest.json";
const temporary = ".tmp";

/** Where a file is written before it gets its name: another for each run, since two may be under way. */
function temporaryPath(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}${temporary}`;
}

/**
 * The archive on its volume: a folder for each day with files of line protocol and a manifest.
 *
 * A file has its name only when all of it is on the volume. Only the manifest says that it counts.
 */
export class ArchiveFolder {
  private readonly root: string;

  /** @param directory where the volume is mounted */
  constructor(directory: string) {
    this.root = join(directory, "events");
  }

  /** The days that have a folder, sorted. */
  async days(): Promise<Day[]> {
    await mkdir(this.root, { recursive: true });
    return (await readdir(this.root)).filter(isDay).sort();
  }

  /** A day's manifest, or undefined when it has none. */
  async readManifest(day: Day): Promise<Manifest | undefined> {
    const path = join(this.root, day, manifestName);
    try {
      return parseManifest(await readFile(path, "utf8"), day, path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    const folder = join(this.root, manifest.day);
    await naming(async () => {
      await mkdir(folder, { recursive: true });
      const path = join(folder, manifestName);
      const unfinished = temporaryPath(path);
      const file = await open(unfinished, "w");
      try {
        await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    });
  }

  /** Whether the files are there with the sizes that the manifest says. */
  async holds(day: Day, files: readonly ArchivedFile[]): Promise<boolean> {
    const sizes = files.map(({ name }) =>
      stat(join(this.root, day, name)).then(
        ({ size }) => size,
        () => undefined,
      ),
    );
    return (await Promise.all(sizes)).every((size, index) => size === files[index]?.bytes);
  }

  /** Begin a file; an earlier one of that name stays until the new one is finished. */
  async create(day: Day, name: string): Promise<CompressedFile> {
    const folder = join(this.root, day);
    await naming(() => mkdir(folder, { recursive: true }));
    return new CompressedFile(folder, name);
  }

  /** Remove what an interrupted run left in a day, and files that its manifest no longer names. */
  async tidy(manifest: Manifest): Promise<void> {
    const named = new Set(
      Object.values(manifest.measurements).flatMap(({ files }) => files.map(({ name }) => name)),
    );
    const folder = join(this.root, manifest.day);
    for (const name of await readdir(folder)) {
      if (name.endsWith(temporary) || (name.endsWith(".lp.gz") && !named.has(name)))
        await rm(join(folder, name));
    }
  }

  async removeDay(day: Day): Promise<void> {
    await rm(join(this.root, day), { recursive: true });
  }
}

/** A file that is being written, compressed with gzip. */
export class CompressedFile {
  private readonly gzip: Gzip = createGzip();
  private readonly hash: Hash = createHash("sha256");
  private readonly path: string;
  private readonly unfinished: string;
  private readonly written: Promise<void>;
  private bytes = 0;

  constructor(
    folder: string,
    readonly name: string,
  ) {
    this.path = join(folder, name);
    this.unfinished = temporaryPath(this.path);
    const measure = new Transform({
      transform: (piece: Buffer, _encoding, done) => {
        this.hash.update(piece);
        this.bytes += piece.length;
        done(null, piece);
      },
    });
    this.written = pipeline(this.gzip, measure, createWriteStream(this.unfinished, { flush: true }));
    // write() and finish() wait for it and get its error; until then it has no handler.
    this.written.catch(() => undefined);
  }

  /** Add text, one character for a byte. Waits while the volume is slower. */
  async write(bytes: string): Promise<void> {
    if (this.gzip.destroyed) return naming(() => this.written);
    if (this.gzip.write(Buffer.from(bytes, "latin1"))) return;
    await naming(() => Promise.race([once(this.gzip, "drain").then(() => undefined), this.written]));
  }

  /** Give it its name: from now on it is all there. */
  async finish(points: number): Promise<ArchivedFile> {
    this.gzip.end();
    await naming(async () => {
      await this.written;
      await rename(this.unfinished, this.path);
    });
    return { name: this.name, points, bytes: this.bytes, sha256: this.hash.digest("hex") };
  }

  /** Remove what was written of it. */
  async discard(): Promise<void> {
    this.gzip.destroy();
    await this.written.catch(() => undefined);
    await rm(this.unfinished, { force: true });
  }
}

/** Gives the error of a full volume a type and a message of its own. */
async function naming<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (codeOf(error) !== "ENOSPC" && codeOf(error) !== "EDQUOT") throw error;
    throw new VolumeFullError(
      "the volume of the archive is full: raise archive.storage.size (archive.size in a stack's config), or let days " +
        "go with archive.keepDays. What was archived before stays; the rest is caught up while InfluxDB holds it",
    );
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
