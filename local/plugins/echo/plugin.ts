import { createHash } from "node:crypto";
import { diffProperties } from "../propertyDiff";
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  InvokeRequest,
  Log,
  Plugin,
  ReadRequest,
  ReadResult,
  ResourceRequest,
  UpdateRequest,
} from "../server";
import { withoutNulls, type Properties } from "../values";

/** Allows made-up resources to enter a state. For tests of this repository alone. */
export const echoUp = "DS_MONITORING_ECHO_UP";

/** The output by which an echoed resource is told from a real one. */
const mark = "__standIn";

/** What a package's echo makes up. */
export interface EchoPackage {
  /** The plugin's name, for example `azure-native`. */
  name: string;
  /** Whom the real plugin talks to, for messages. */
  service: string;
  /** Inputs whose change replaces a resource. */
  replaceOn: readonly string[];
  /** The id and the computed outputs of a resource, the same for the same resource each time. */
  outputs(resource: ResourceRequest, inputs: Properties): { id: string; outputs: Properties };
  /** The functions that the programs of this repository call, by token. */
  functions: Record<string, (args: Properties) => Properties>;
}

/** A short text that follows from the seed alone. */
export function derived(seed: string, length = 8): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, length);
}

/**
 * A stand-in for a cloud's plugin, for previews without that cloud: a resource is what its inputs say,
 * and everything else is unknown. It refuses an `up` unless DS_MONITORING_ECHO_UP=1 allows inventions.
 */
export class EchoPlugin implements Plugin {
  constructor(
    readonly version: string,
    private readonly echoed: EchoPackage,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  async configure(_inputs: Properties, log: Log, urn: string): Promise<void> {
    const { name, service } = this.echoed;
    log(
      "info",
      `${name} is a stand-in here: ${service} is not asked, and its quotas and names are not checked`,
      urn,
    );
  }

  async check({ news }: CheckRequest): Promise<CheckResult> {
    return { inputs: withoutNulls(news) };
  }

  async diff({ oldInputs, inputs }: DiffRequest): Promise<DiffResult> {
    const changes = diffProperties(oldInputs, inputs);
    const paths = changes.map(({ path }) => path);
    return { changes, replaces: paths.filter(([key]) => this.echoed.replaceOn.includes(String(key))) };
  }

  async create({ inputs, preview, ...resource }: CreateRequest): Promise<{ id: string; state: Properties }> {
    // What a preview leaves out, the program sees as unknown.
    if (preview) return { id: "", state: inputs };
    this.requirePermission("create", resource);
    const { id, outputs } = this.echoed.outputs(resource, inputs);
    return { id, state: { ...outputs, ...inputs, [mark]: this.echoed.name } };
  }

  async update({ inputs, preview, state, ...resource }: UpdateRequest): Promise<Properties> {
    if (preview) return { ...state, ...inputs };
    this.requirePermission("update", resource, state);
    return { ...this.echoed.outputs(resource, inputs).outputs, ...inputs, [mark]: this.echoed.name };
  }

  async read({ id, inputs, state, ...resource }: ReadRequest): Promise<ReadResult> {
    this.requirePermission("read", resource, state);
    return { id, inputs, state };
  }

  async delete({ state, ...resource }: DeleteRequest): Promise<void> {
    this.requirePermission("delete", resource, state);
  }

  async invoke({ token, args, preview }: InvokeRequest): Promise<Properties> {
    if (!preview) this.requirePermission("call", { urn: token, name: token, type: token });
    const answer = this.echoed.functions[token];
    if (answer) return answer(args);
    const known = Object.keys(this.echoed.functions).join(", ") || "none";
    throw new Error(
      `the stand-in for ${this.echoed.name} has no function ${token} (it has ${known}): add it there`,
    );
  }

  private requirePermission(action: string, { name, type }: ResourceRequest, state?: Properties): void {
    const { name: plugin, service } = this.echoed;
    const refusal = `the stand-in for ${plugin} cannot ${action} ${type} ${name} in ${service}`;
    const advice = `put the real ${plugin} plugin on PATH or in PULUMI_HOME`;
    if (this.environment[echoUp] !== "1") {
      throw new Error(`${refusal}, it serves previews only: ${advice} (tests may set ${echoUp}=1)`);
    }
    if (state && state[mark] !== plugin)
      throw new Error(`${refusal}: the state holds a real resource: ${advice}`);
  }
}
