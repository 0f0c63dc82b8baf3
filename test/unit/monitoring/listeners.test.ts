import assert from "node:assert/strict";
import { test } from "node:test";
import { deploy } from "../support/deploy";
import { everyPart } from "../support/fixtures";
import { containersOf, mountedFiles, workloadsOf } from "../support/pods";

/** Ports that programs open because their configuration says so: Telegraf's outputs, Fluentd's inputs. */
function portsOf(files: Record<string, string>): number[] {
  const text = Object.values(files).join("\n");
  const fluentd = [...text.matchAll(/^<source>$.*?^<\/source>$/gms)].map(([section]) => section).join("\n");
  return [
    ...text.matchAll(/service_address = "http:\/\/:(\d+)"/g),
    ...fluentd.matchAll(/^ {2}port (\d+)$/gm),
  ].map(([, port]) => Number(port));
}

const twice = (ports: number[]) => ports.filter((port, index) => ports.indexOf(port) !== index);

test("no two listeners of a pod are on the same port", async () => {
  const { resources } = await deploy(everyPart);
  const configured: Record<string, number[]> = {};
  for (const { title, pod } of workloadsOf(resources)) {
    const exposed = containersOf(pod).flatMap(({ ports = [] }) =>
      (ports as { containerPort: number }[]).map(({ containerPort }) => containerPort),
    );
    assert.deepEqual(twice(exposed), [], `${title} exposes a port twice`);
    const opened = portsOf(mountedFiles(resources, pod));
    assert.deepEqual(twice(opened), [], `${title} opens a port twice`);
    if (opened.length > 0) configured[title] = opened;
  }
  assert.deepEqual(configured, {
    "Deployment monitoring-telegraf": [9273],
    "StatefulSet monitoring-fluentd-aggregator": [24224, 24220],
  });
});

test("a port that is opened twice is found", () => {
  const output = '[[outputs.health]]\n  service_address = "http://:9273"\n';
  assert.deepEqual(twice(portsOf({ "a.conf": output, "b.conf": output })), [9273]);
});
