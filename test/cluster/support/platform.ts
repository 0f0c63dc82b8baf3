import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  Exec,
  PatchStrategy,
  setHeaderOptions,
  type V1JobSpec,
  type V1Pod,
} from "@kubernetes/client-node";
import { images } from "../../../components/images";
import { clusterDirectory } from "../../../local/commands/localStack";
import { readKubeconfig, kubeconfigOf } from "../../../local/cluster/cluster";
import { forwarded } from "../../../local/forward/forward";
import { urlOf } from "../../../local/forward/routes";
import { repositoryRoot } from "../../../local/paths";
import { run } from "../../../local/processes";
import { InfluxClient } from "../../dataplane/support/influxClient";
import { waitFor } from "../../dataplane/support/waitFor";

/** A mail in the mailbox of the local stack. */
interface Mail {
  Subject: string;
}

/** Where the tests' own pods are that may do what the platform's namespaces forbid. */
const toolsNamespace = "ds-monitoring-test";

export const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** What `make up` brought up: on a real node of this machine, or in the cluster of KUBECONFIG. */
export class Platform {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;

  private constructor(
    /** Folder of the run's state. */
    readonly state: string,
    /** What `make up` printed. */
    readonly output: string,
    readonly kubeconfig: string,
    /** The user's kubeconfig, where the cluster is theirs. */
    private readonly own: string | undefined,
    readonly config = readKubeconfig(kubeconfig),
  ) {
    this.core = config.makeApiClient(CoreV1Api);
    this.apps = config.makeApiClient(AppsV1Api);
    this.batch = config.makeApiClient(BatchV1Api);
  }

  /** Bring it up; `own` is the user's kubeconfig, without one the embedded cluster is started. */
  static async up(own: string | undefined): Promise<Platform> {
    const state = await mkdtemp(join(tmpdir(), "ds-monitoring-platform-"));
    takeDownWhenKilled(state, own);
    const output = await make("up", state, own);
    return new Platform(state, output, own ?? kubeconfigOf(clusterDirectory(state)), own);
  }

  /** `make up` again, and what it printed. */
  makeUp(): Promise<string> {
    return make("up", this.state, this.own);
  }

  /** Remove all of it. */
  async down(): Promise<void> {
    await this.core.deleteNamespace({ name: toolsNamespace }).catch(() => undefined);
    await make("down", this.state, this.own);
    await rm(this.state, { recursive: true, force: true });
  }

  /** URL of a page of {@link forwarded}, by its title. */
  async url(title: string): Promise<string> {
    const route = (await forwarded(this.state))?.routes.find((one) => one.title === title);
    assert.ok(route !== undefined, `${title} is forwarded`);
    return urlOf({ ...route, path: "" });
  }

  /** InfluxDB, asked as its operator. */
  async influxDb(): Promise<InfluxClient> {
    const { items } = await this.core.listNamespacedSecret({
      namespace: "monitoring",
      labelSelector: "app.kubernetes.io/instance=influxdb",
    });
    const token = items.map(({ data }) => data?.operatorToken).find((one) => one !== undefined) ?? "";
    return new InfluxClient(await this.url("InfluxDB"), {
      token: Buffer.from(token, "base64").toString("utf8"),
    });
  }

  /** Subjects of the mails that have come, the oldest first. */
  async mails(): Promise<string[]> {
    const answer = await fetch(new URL("/api/v1/messages", await this.url("Mails")));
    const { messages } = (await answer.json()) as { messages: Mail[] };
    return messages.map(({ Subject }) => Subject).reverse();
  }

  async pods(namespace?: string, labelSelector?: string): Promise<V1Pod[]> {
    const found =
      namespace === undefined
        ? await this.core.listPodForAllNamespaces({ labelSelector })
        : await this.core.listNamespacedPod({ namespace, labelSelector });
    return found.items;
  }

  /** Wait until a pod of the app is ready, not being deleted, and `accept` accepts it. */
  ready(app: string, accept: (pod: V1Pod) => boolean = () => true, timeoutMs = 240_000): Promise<V1Pod> {
    return waitFor(`a ready pod of ${app}`, timeoutMs, async () => {
      const pods = await this.pods(undefined, `app.kubernetes.io/instance=${app}`).catch(() => []);
      return pods.find((pod) => pod.metadata?.deletionTimestamp === undefined && isReady(pod) && accept(pod));
    });
  }

  /** Start a run of a CronJob, as `kubectl create job --from` does; `change` may alter its spec. */
  async startJob(
    cronJob: { namespace: string; name: string },
    name: string,
    change: (spec: V1JobSpec) => void = () => undefined,
  ): Promise<void> {
    const { metadata, spec } = await this.batch.readNamespacedCronJob(cronJob);
    const jobSpec = structuredClone(spec?.jobTemplate.spec);
    assert.ok(jobSpec !== undefined && metadata?.uid !== undefined);
    change(jobSpec);
    const owner = { apiVersion: "batch/v1", kind: "CronJob", name: cronJob.name, uid: metadata.uid };
    await this.batch.createNamespacedJob({
      namespace: cronJob.namespace,
      body: {
        metadata: {
          name,
          labels: spec?.jobTemplate.metadata?.labels,
          annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
          ownerReferences: [{ ...owner, controller: true }],
        },
        spec: jobSpec,
      },
    });
  }

  /** Run a command in a container; what it prints. */
  async execute(pod: V1Pod, container: string, command: string[]): Promise<string> {
    let text = "";
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString("utf8");
        done();
      },
    });
    const { namespace, name } = { namespace: "", name: "", ...pod.metadata };
    await new Promise<void>((resolve, reject) => {
      new Exec(this.config)
        .exec(namespace, name, container, command, sink, sink, null, false, () => resolve())
        .catch(reject);
    });
    return text;
  }

  /**
   * Send SIGKILL to every process of a container. From inside of it its first process can't be killed, so another pod
   * does, which sees the node's processes.
   */
  async kill(pod: V1Pod, container: string): Promise<void> {
    const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
    const id = status?.containerID?.split("//")[1];
    assert.ok(id !== undefined, `${container} runs`);
    const killer = await this.killer();
    const script = `for file in /proc/[0-9]*/cgroup; do
      if grep -q ${id} "$file" 2>/dev/null; then pid=\${file#/proc/}; kill -9 "\${pid%/cgroup}" && echo killed; fi
    done`;
    assert.match(await this.execute(killer, "killer", ["sh", "-c", script]), /killed/);
  }

  private async killer(): Promise<V1Pod> {
    const namespace = toolsNamespace;
    const name = "killer";
    await this.core.createNamespace({ body: { metadata: { name: namespace } } }).catch(() => undefined);
    const body: V1Pod = {
      metadata: { name, namespace },
      spec: {
        hostPID: true,
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name,
            image: images.node,
            command: ["sleep", "86400"],
            securityContext: { runAsUser: 0, capabilities: { drop: ["ALL"], add: ["KILL", "SYS_PTRACE"] } },
          },
        ],
      },
    };
    await waitFor("the namespace's service account", 30_000, () =>
      this.core.createNamespacedPod({ namespace, body }).then(
        () => true,
        (error: { code?: number }) => (error.code === 409 ? true : undefined),
      ),
    );
    return waitFor("the pod that kills", 60_000, async () => {
      const pod = await this.core.readNamespacedPod({ namespace, name });
      return isReady(pod) ? pod : undefined;
    });
  }
}

export function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

/** How often containers of the pod were restarted. */
export function restarts({ status }: V1Pod): number {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Minutes within which `make up` and `make down` end; where no tool and no image is there yet, all are built. */
export const upMinutes = 45;
export const downMinutes = 10;

const commandLine = ["--import", "tsx", "local/cli.ts"];

function environment(state: string, own: string | undefined): NodeJS.ProcessEnv {
  const nodes = own === undefined ? "real" : undefined;
  return { ...process.env, NODES: nodes, KUBECONFIG: own, DS_MONITORING_STATE: state };
}

/** A process that waits for the end of this one, however that comes, and runs `make down` where it has not run. */
function takeDownWhenKilled(state: string, own: string | undefined): void {
  // Its parent ends at once: it is none of this process' own, which may be ended with all that it started.
  const script = `(while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done
test ! -d "$DS_MONITORING_STATE" || exec "$0" ${commandLine.join(" ")} down) &`;
  const options = {
    cwd: repositoryRoot,
    env: environment(state, own),
    detached: true,
    stdio: "ignore",
  } as const;
  spawn("sh", ["-c", script, process.execPath], options).unref();
}

async function make(command: "up" | "down", state: string, own: string | undefined): Promise<string> {
  const result = await run(process.execPath, [...commandLine, command], {
    cwd: repositoryRoot,
    env: environment(state, own),
    timeoutMs: (command === "up" ? upMinutes : downMinutes) * 60_000,
  });
  assert.equal(result.code, 0, result.stdout.slice(-4000) + result.stderr.slice(-4000));
  return result.stdout;
}
