import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiClient } from "../../local/cluster/apiClient";
import { removeCluster, startCluster } from "../../local/cluster/cluster";
import { Engine, type EngineOptions } from "../../local/engine/engine";
import { repositoryRoot } from "../../local/paths";

export { changingSteps } from "../../local/engine/events";
export type { OperationResult } from "../../local/engine/engine";

export interface StackOptions extends Partial<
  Pick<EngineOptions, "project" | "stack" | "config" | "env" | "passphrase">
> {
  /** Other stacks with the same backend can be read with a StackReference. Default "main". */
  backend?: string;
}

/**
 * A place of its own for one test file: a temporary folder, Pulumi backends in it and, when asked for, an
 * embedded cluster. Create it in `before`, and `stop` it in `after`.
 */
export class Fixture {
  private constructor(
    /** Temporary folder, removed by `stop`. */
    readonly directory: string,
    /** Kubeconfig of the cluster, undefined without one. */
    readonly kubeconfig: string | undefined,
    private readonly client: ApiClient | undefined,
  ) {}

  /** @param options.cluster whether an embedded cluster is started. Default true. */
  static async start(options: { cluster?: boolean } = {}): Promise<Fixture> {
    const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-test-"));
    if (options.cluster === false) return new Fixture(directory, undefined, undefined);
    const { kubeconfig } = await startCluster({ directory: join(directory, "cluster") });
    return new Fixture(directory, kubeconfig, await ApiClient.fromKubeconfig(kubeconfig));
  }

  /** The API server of the cluster. */
  get api(): ApiClient {
    if (this.client === undefined) throw new Error("this fixture was started without a cluster");
    return this.client;
  }

  /** The engine on a stack. Defaults: this repository's program, stack "local". */
  async stack(options: StackOptions = {}): Promise<Engine> {
    const stateDirectory = join(this.directory, "backends", options.backend ?? "main");
    await mkdir(stateDirectory, { recursive: true });
    return Engine.open({
      project: options.project ?? repositoryRoot,
      stack: options.stack ?? "local",
      stateDirectory,
      config: options.config,
      passphrase: options.passphrase,
      env: {
        // Nothing of the user's own cluster or Pulumi installation is touched by a test.
        KUBECONFIG: this.kubeconfig ?? join(this.directory, "no-kubeconfig"),
        PULUMI_HOME: join(this.directory, "pulumi-home"),
        // Also with a command line of the user: the tests are of this repository's plugins.
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        ...options.env,
      },
    });
  }

  /** End the cluster and remove the folder. */
  async stop(): Promise<void> {
    await removeCluster(join(this.directory, "cluster"));
    await rm(this.directory, { recursive: true, force: true });
  }
}
