import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeArchive, type ImageConfig } from "../images/archive";
import { assembleImages, type ImageArchive } from "../images/assemble";
import { file } from "../images/entries";
import { layerOf } from "../images/layer";
import { localImages } from "../images/localImages";
import { imagesDirectory } from "../paths";
import { run } from "../processes";
import { PythonUnavailableError, suitablePython, workloadPython } from "../python";
import { type ResolvedTool, resolveTools, whyUnavailable } from "../tools/resolve";
import { UserError } from "../userError";
import { pauseImage } from "./configs";
import type { NodeLayout } from "./layout";

/** The tools that images are assembled of. */
const imagePrograms = ["influxd", "influx", "telegraf", "alertmanager", "amtool"] as const;

/** The image of the cluster's DNS, assembled from the tool of that version. */
export function dnsImage(coredns: ResolvedTool): string {
  return `ds-monitoring.local/coredns:${coredns.version ?? "local"}`;
}

/** Images of one static program each, which the node itself needs. */
export async function nodeImages(pause: ResolvedTool, coredns: ResolvedTool): Promise<ImageArchive[]> {
  return [
    await programImage(pauseImage, pause.path, { User: "65535:65535" }),
    await programImage(dnsImage(coredns), coredns.path, {}),
  ];
}

async function programImage(image: string, program: string, config: ImageConfig): Promise<ImageArchive> {
  const layer = await layerOf(join(imagesDirectory(), "layers"), [await file("/program", program)]);
  const complete = { ...config, Entrypoint: ["/program"] };
  return {
    image,
    archive: await writeArchive(join(imagesDirectory(), "archives"), image, complete, [layer]),
  };
}

/** The images of the local stack that the kubelet can't pull: all where no registry answers, else the sample's own. */
export async function stackImages(log: (line: string) => void): Promise<ImageArchive[]> {
  const own = localImages.filter((image) => image.startsWith("localhost"));
  return assembleImages((await registryAnswers()) ? own : localImages, log);
}

/** Why this machine gets not all images of the local stack, as far as that shows without building anything. */
export async function whyNoStackImages(): Promise<string | undefined> {
  try {
    await suitablePython();
  } catch (error) {
    if (!(error instanceof PythonUnavailableError)) throw error;
    return error.message;
  }
  if (await registryAnswers()) return undefined;
  return whyUnavailable(imagePrograms);
}

/** Get what the images of the local stack are made of, which takes minutes the first time. */
export async function prepareStackImages(log: (line: string) => void): Promise<void> {
  await workloadPython(log);
  if (!(await registryAnswers())) await resolveTools(imagePrograms, { log });
}

/** One short try. */
async function registryAnswers(): Promise<boolean> {
  try {
    const { status } = await fetch("https://registry-1.docker.io/v2/", {
      signal: AbortSignal.timeout(3_000),
    });
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}

/** The kubelet removes unused images where the disk gets full; what is not pulled would be gone for good. */
const keptByKubelet = "io.cri-containerd.pinned=pinned";

/** Give containerd the images that it does not have. */
export async function importImages(
  layout: NodeLayout,
  ctr: ResolvedTool,
  images: readonly ImageArchive[],
  log: (line: string) => void,
): Promise<void> {
  const record = layout.file("imported.json");
  const known = new Set(JSON.parse(await readFile(record, "utf8").catch(() => "[]")) as string[]);
  for (const { image, archive } of images) {
    if (known.has(archive)) continue;
    const started = Date.now();
    const at = ["--address", layout.containerd, "--namespace", "k8s.io"];
    const args = [...at, "images", "import", "--label", keptByKubelet, archive];
    const { code, stderr } = await run(ctr.path, args);
    if (code !== 0) throw new UserError(`containerd does not take the image ${image}: ${stderr.trim()}`);
    known.add(archive);
    await writeFile(record, JSON.stringify([...known]));
    log(`  ${image} is on the node (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
}
