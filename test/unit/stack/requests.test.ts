import assert from "node:assert/strict";
import { test } from "node:test";
import { mailObjects } from "../../../local/mail/deploy";
import { nodeObjects } from "../../../local/node/objects";
import { deploy } from "../support/deploy";
import { wholeStack } from "../support/fixtures";
import { type PodSpec, workloadsOf } from "../support/pods";

/** How many pods of an app there are in the local stack, where it is not one. */
const replicas: Readonly<Record<string, number>> = { "Deployment penguins-api": 2 };

const kinds = ["Deployment", "StatefulSet", "Job"];

/**
 * What the scheduler reserves for a pod: its containers and native sidecars together, or its largest init container and
 * the sidecars before it.
 *
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
function reserved({ initContainers = [], containers }: PodSpec, kind: "cpu" | "memory"): number {
  const of = ({ resources }: PodSpec["containers"][number]) => amount(resources?.requests?.[kind]);
  let sidecars = 0;
  let largest = 0;
  for (const container of initContainers) {
    if (container.restartPolicy === "Always") sidecars += of(container);
    else largest = Math.max(largest, sidecars + of(container));
  }
  const together = containers.reduce((sum, container) => sum + of(container), sidecars);
  return Math.max(largest, together);
}

/** Cores or MiB. */
function amount(quantity: string | undefined): number {
  const match = /^([0-9.]+)(m|Mi|Gi)?$/.exec(quantity ?? "");
  assert.ok(match !== null, `a request is ${quantity}`);
  const factors: Readonly<Record<string, number>> = { m: 0.001, Mi: 1, Gi: 1024 };
  return Number(match[1]) * (factors[match[2] ?? ""] ?? 1);
}

test("what all pods of the local stack request together fits 2 CPUs and 4 GiB", async () => {
  const { resources } = await deploy(() => wholeStack());
  const pods = workloadsOf(resources)
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap(({ title, pod }) => Array.from({ length: replicas[title] ?? 1 }, () => ({ title, pod })));
  // Those that `make up` and its node add.
  const added = [...mailObjects(), ...nodeObjects("image")]
    .filter(({ kind }) => kind === "Deployment")
    .map((object) => ({
      title: `Deployment ${object.metadata?.name}`,
      pod: (object as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec,
    }));
  assert.equal(added.length, 2);
  const all = [...pods, ...added];
  assert.equal(all.length, 11, all.map(({ title }) => title).join(", "));
  const sum = (kind: "cpu" | "memory") => all.reduce((total, { pod }) => total + reserved(pod, kind), 0);
  assert.ok(sum("cpu") <= 2, `${sum("cpu")} CPUs`);
  assert.ok(sum("memory") <= 4096, `${sum("memory")} MiB`);
});
