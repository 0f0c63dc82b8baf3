import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { type Layer, markUsed } from "./layer";

/** How a container of an image is started, with the names of the OCI image specification. */
export interface ImageConfig {
  User?: string;
  Env?: readonly string[];
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  WorkingDir?: string;
  ExposedPorts?: Readonly<Record<string, object>>;
  /** Folders that are volumes, even where the pod mounts none: they can be written. */
  Volumes?: Readonly<Record<string, object>>;
  Labels?: Readonly<Record<string, string>>;
}

const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** The names of this machine's processor in images; another one's is taken as it is. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64" };

/**
 * Write an image as an archive, unless it is in the folder already.
 *
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 *
 * @param folder where the archive is written
 * @param name full name of the image, with its registry, e.g. `docker.io/library/node:22.22.0`
 * @param layers from the lowest to the uppermost
 * @returns path of the archive
 */
export async function writeArchive(
  folder: string,
  name: string,
  config: ImageConfig,
  layers: readonly Layer[],
): Promise<string> {
  const configBlob = json(mediaTypes.config, {
    created: "1970-01-01T00:00:00Z",
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = json(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configBlob.descriptor,
    layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.layer, digest, size })),
  });
  const index = json(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        ...manifest.descriptor,
        annotations: {
          "io.containerd.image.name": name,
          "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
        },
      },
    ],
  });
  await mkdir(folder, { recursive: true });
  const archive = join(folder, `${index.descriptor.digest.slice("sha256:".length).slice(0, 24)}.tar`);
  if (existsSync(archive)) {
    await markUsed(archive);
    return archive;
  }

  const tar = pack();
  const temporary = `${archive}.${randomUUID()}`;
  const add = async (): Promise<void> => {
    tar.entry({ name: "oci-layout" }, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    tar.entry({ name: "index.json" }, index.text);
    for (const { descriptor, text } of [configBlob, manifest]) {
      tar.entry({ name: blobPath(descriptor.digest) }, text);
    }
    for (const { file, digest, size } of layers) {
      await pipeline(createReadStream(file), tar.entry({ name: blobPath(digest), size }));
    }
    tar.finalize();
  };
  await Promise.all([add(), pipeline(tar, createWriteStream(temporary))]);
  await rename(temporary, archive);
  return archive;
}

function json(mediaType: string, value: object) {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  return { text, descriptor: { mediaType, digest, size: Buffer.byteLength(text) } };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
