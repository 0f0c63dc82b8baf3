/**
 * Copies the dashboards of apps from their ConfigMaps to files, for as long as it runs: what the platform needs of
 * k8s-sidecar, whose image it stands in for where no registry answers. It reads the same environment variables.
 *
 * Source: https://github.com/kiwigrid/k8s-sidecar#configuration-environment-variables
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from "@kubernetes/client-node";

const retryMs = 5_000;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

const folder = required("FOLDER");
const folderAnnotation = required("FOLDER_ANNOTATION");
const labelSelector = `${required("LABEL")}=${required("LABEL_VALUE")}`;

/** The files of a ConfigMap by their paths; two apps may call a file alike. */
function filesOf({ metadata, data = {} }: V1ConfigMap): Map<string, string> {
  const directory = resolve(folder, metadata?.annotations?.[folderAnnotation] ?? "");
  const prefix = `namespace_${metadata?.namespace}.configmap_${metadata?.name}`;
  return new Map(Object.entries(data).map(([name, text]) => [join(directory, `${prefix}.${name}`), text]));
}

/** What was written, by the ConfigMap's identity. */
const written = new Map<string, string[]>();

async function place(configMap: V1ConfigMap, removed: boolean): Promise<void> {
  const id = configMap.metadata?.uid ?? "";
  const files = removed ? new Map<string, string>() : filesOf(configMap);
  for (const path of written.get(id) ?? []) if (!files.has(path)) await rm(path, { force: true });
  for (const [path, text] of files) {
    await mkdir(dirname(path), { recursive: true });
    // Whoever reads the folder never sees half a file.
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
  written.set(id, [...files.keys()]);
  console.log(`${configMap.metadata?.namespace}/${configMap.metadata?.name}: ${files.size} files`);
}

const config = new KubeConfig();
config.loadFromCluster();
const api = config.makeApiClient(CoreV1Api);
const informer = makeInformer(
  config,
  "/api/v1/configmaps",
  () => api.listConfigMapForAllNamespaces({ labelSelector }),
  labelSelector,
);

// One after the other, in the order in which the API server tells them.
let last = Promise.resolve();
const inTurn = (removed: boolean) => (configMap: V1ConfigMap) => {
  last = last.then(() => place(configMap, removed)).catch((error: unknown) => console.error(error));
};
informer.on("add", inTurn(false));
informer.on("update", inTurn(false));
informer.on("delete", inTurn(true));

let connected = false;
informer.on("connect", () => (connected = true));
informer.on("error", (error: unknown) => {
  connected = false;
  console.error(error instanceof Error ? error.message : error);
  setTimeout(start, retryMs);
});

function start(): void {
  informer.start().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    setTimeout(start, retryMs);
  });
}

start();
createServer((request, response) => {
  response.statusCode = request.url === "/healthz" && connected ? 200 : 503;
  response.end(connected ? "ok" : "no connection to the API server");
}).listen(Number(process.env.HEALTH_PORT ?? "8080"));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
