import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { imagesDirectory } from "../paths";
import { run } from "../processes";
import { which } from "../tools/resolve";
import { UserError } from "../userError";
import { markUsed } from "./layer";

/** One file, folder or link of an image's layer. */
export interface Entry {
  /** Absolute path in the image. */
  path: string;
  /** Where its content is: a file of this machine (with its size in bytes and its time), or the text itself. */
  content:
    | { kind: "file"; source: string; size: number; modified: Date }
    | { kind: "text"; text: string }
    | { kind: "link"; target: string }
    | { kind: "folder" };
  /** Permissions; default 0755 for folders and programs, 0644 for other files. */
  mode: number;
  /** Owner, as number; default 0 for both. */
  uid?: number;
  gid?: number;
}

/** A text file. */
export function text(path: string, content: string, mode = 0o644): Entry {
  return { path: withoutLinks(path), content: { kind: "text", text: content }, mode };
}

/** An empty folder. */
export function folder(path: string, mode: number, owner: { uid: number; gid: number }): Entry {
  return { path: withoutLinks(path), content: { kind: "folder" }, mode, ...owner };
}

/** A symbolic link. */
export function link(path: string, target: string): Entry {
  return { path: withoutLinks(path), content: { kind: "link", target }, mode: 0o777 };
}

/** A file of this machine; what a link points to is copied. */
export async function file(path: string, source: string): Promise<Entry> {
  return fileEntry(path, source, await stat(source));
}

function fileEntry(path: string, source: string, { size, mtime, mode }: Stats): Entry {
  return {
    path: withoutLinks(path),
    content: { kind: "file", source, size, modified: mtime },
    mode: (mode & 0o111) === 0 ? 0o644 : 0o755,
  };
}

/**
 * The base's /bin, /sbin, /lib and /lib64 are links to the folders in /usr: a layer that had a file in /bin would
 * replace the link by a folder, and hide everything behind it.
 */
export function withoutLinks(path: string): string {
  return /^\/(bin|sbin|lib|lib64)\//.test(path) ? `/usr${path}` : path;
}

export interface TreeOptions {
  /** Files and folders that are left out, by their names at any depth; static libraries always are. */
  without?: readonly string[];
}

/** All files below a folder of this machine; links are replaced by what they point to. */
export async function tree(
  path: string,
  source: string,
  options: TreeOptions = {},
  depth = 0,
): Promise<Entry[]> {
  const names = await readdir(source).catch(() => []);
  const found = names.map(async (name): Promise<Entry[]> => {
    if (options.without?.includes(name) === true || name.endsWith(".a")) return [];
    const from = join(source, name);
    const to = posix.join(path, name);
    const kind = await stat(from).catch(() => undefined);
    // A link that points above itself has no end.
    if (kind?.isDirectory() === true && depth < 20) return tree(to, from, options, depth + 1);
    return kind?.isFile() === true ? [fileEntry(to, from, kind)] : [];
  });
  return (await Promise.all(found)).flat();
}

/** A program of this machine at a path of the image, with the shared libraries that it needs. */
export async function program(path: string, source: string): Promise<Entry[]> {
  return [await file(path, source), ...(await libraries([source]))];
}

/**
 * Programs on PATH, each in /usr/bin, with their libraries.
 *
 * @throws UserError naming those that this machine lacks
 */
export async function programsOnPath(names: readonly string[]): Promise<Entry[]> {
  const found = await Promise.all(names.map(async (name) => ({ name, source: await which(name) })));
  const missing = found.filter(({ source }) => source === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    throw new UserError(
      `images need the programs ${missing.join(", ")}, which are not on PATH: install them`,
    );
  }
  const sources = found.map(({ source }) => source as string);
  const files = found.map(({ name, source }) => file(`/usr/bin/${name}`, source as string));
  return [...(await Promise.all(files)), ...(await libraries(sources))];
}

/** The shared libraries of programs and of other libraries, at the paths where the loader found them here. */
export async function libraries(sources: readonly string[]): Promise<Entry[]> {
  const states = await Promise.all(sources.map(async (source) => [source, (await stat(source)).mtimeMs]));
  const key = createHash("sha256").update(JSON.stringify(states)).digest("hex").slice(0, 24);
  const remembered = join(imagesDirectory(), "libraries", `${key}.json`);
  const entriesOf = (paths: string[]) => Promise.all(paths.map((path) => file(path, path)));
  try {
    const entries = await entriesOf(JSON.parse(await readFile(remembered, "utf8")) as string[]);
    await markUsed(remembered);
    return entries;
  } catch {
    // The first time, or one of them is gone since.
  }
  const paths = new Set<string>();
  for (let first = 0; first < sources.length; first += 100) {
    // It fails for a program that is linked statically, and says nothing of the others then.
    const { stdout } = await run("ldd", sources.slice(first, first + 100));
    for (const [, path] of stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)) {
      paths.add(posix.normalize(path as string));
    }
  }
  const found = [...paths].sort();
  await mkdir(dirname(remembered), { recursive: true });
  await writeFile(remembered, JSON.stringify(found));
  return entriesOf(found);
}

/** The shared libraries that the libraries in `entries` need, and that are not among them. */
export async function librariesOf(entries: readonly Entry[]): Promise<Entry[]> {
  const sources = entries.flatMap(({ path, content }) =>
    content.kind === "file" && /\.so(\.\d+)*$/.test(path) ? [content.source] : [],
  );
  const own = new Set(sources.map((source) => dirname(source)));
  return (await libraries(sources)).filter(
    ({ content }) => content.kind === "file" && !own.has(dirname(content.source)),
  );
}
