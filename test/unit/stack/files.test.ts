import assert from "node:assert/strict";
import { test } from "node:test";
import { images } from "../../../components/images";
import { deploy } from "../support/deploy";
import { everyPart } from "../support/fixtures";
import { containersOf, type PodSpec, variableOf, workloadsOf } from "../support/pods";

interface Item {
  path: string;
}
interface Source {
  items?: Item[];
  path?: string;
}

/** The volume that holds a path in a container, if any. */
function volumeAt(pod: PodSpec, container: PodSpec["containers"][number], path: string) {
  const mount = (container.volumeMounts ?? [])
    .filter(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`))
    .sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
  return pod.volumes?.find(({ name }) => name === mount?.name);
}

/** Containers with Ruby whose folder for temporary files is writable to all and has no sticky bit: Ruby refuses it. */
function refusedByRuby(pod: PodSpec): string[] {
  return containersOf(pod)
    .filter(({ image }) => image === images.fluentd)
    .filter((container) => {
      const folder = variableOf(container, "TMPDIR");
      // The runtime's own mount, mode 1777, is the only other place that a read-only root leaves.
      return folder !== "/dev/shm" || volumeAt(pod, container, folder) !== undefined;
    })
    .map(({ name }) => name);
}

/** Files in sub-folders of volumes that Kubernetes writes: it makes each top folder a link. */
function filesInSubFolders(pod: PodSpec): string[] {
  return (pod.volumes ?? []).flatMap((volume) => {
    const direct = ["configMap", "secret", "downwardAPI"].map((kind) => volume[kind] as Source | undefined);
    const projected = (volume["projected"] as { sources?: Record<string, Source>[] } | undefined)?.sources;
    const sources = [...direct, ...(projected ?? []).flatMap((source) => Object.values(source))];
    const paths = sources.flatMap((source) => [
      ...(source?.items ?? []).map(({ path }) => path),
      ...(source?.path === undefined ? [] : [source.path]),
    ]);
    return paths.filter((path) => path.includes("/")).map((path) => `${volume.name}: ${path}`);
  });
}

test("each Fluentd keeps its temporary files where Ruby accepts the folder", async () => {
  const { resources } = await deploy(everyPart);
  const pods = workloadsOf(resources);
  const withFluentd = pods.filter(({ pod }) =>
    containersOf(pod).some(({ image }) => image === images.fluentd),
  );
  assert.equal(withFluentd.length, 5);
  for (const { title, pod } of withFluentd) assert.deepEqual(refusedByRuby(pod), [], title);
});

test("no file is in a sub-folder of a volume that Kubernetes writes", async () => {
  const { resources } = await deploy(everyPart);
  for (const { title, pod } of workloadsOf(resources)) assert.deepEqual(filesInSubFolders(pod), [], title);
});

test("both faults are found", () => {
  const fluentd = { name: "fluentd", image: images.fluentd };
  const pod = (container: object): PodSpec => ({
    containers: [{ ...fluentd, ...container }],
    volumes: [
      { name: "tmp", emptyDir: {} },
      { name: "a", configMap: { items: [{ path: "b/c.yaml" }] } },
      { name: "d", projected: { sources: [{ configMap: { items: [{ path: "e/f" }] } }] } },
    ],
  });
  const volumeMounts = [{ name: "tmp", mountPath: "/tmp" }];
  const bad = [
    pod({ volumeMounts }),
    pod({ volumeMounts, env: [{ name: "TMPDIR", value: "/tmp/x" }] }),
    pod({
      volumeMounts: [{ name: "tmp", mountPath: "/dev/shm" }],
      env: [{ name: "TMPDIR", value: "/dev/shm" }],
    }),
  ];
  for (const one of bad) assert.deepEqual(refusedByRuby(one), ["fluentd"]);
  assert.deepEqual(filesInSubFolders(pod({})), ["a: b/c.yaml", "d: e/f"]);
});
