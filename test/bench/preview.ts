import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../local/paths";
import { Fixture, type OperationResult } from "../engine/harness";

/** What one preview took, in seconds; CPU is that of the engine and all that it starts, unknown but on Linux. */
interface Run {
  wall: number;
  cpu: number;
}

/** What is measured, each in turn. */
const titles = {
  empty: "empty program",
  local: "stack local",
  dev: "stack dev",
  devWithPolicies: "stack dev with policies",
  prodWithPolicies: "stack prod with policies",
};

type Kind = keyof typeof titles;
export type PreviewBench = Record<Kind, readonly Run[]>;
const kinds = Object.keys(titles) as Kind[];

/**
 * Time previews of the stacks `local`, `dev` and `prod` and of an empty program, in turns, so that whatever else the machine
 * does falls on all.
 *
 * @param rounds how often; a first round, which fills the caches, is not counted
 */
export async function benchPreview(rounds: number): Promise<PreviewBench> {
  const fixture = await Fixture.start();
  try {
    // A backend of its own: the language host of a backend gets the runtime options of the last project that was opened there.
    const project = join(__dirname, "emptyProgram");
    const empty = await fixture.stack({ project, stack: "bench", backend: "empty" });
    const local = await fixture.stack({ stack: "local" });
    const dev = await fixture.stack({ stack: "dev" });
    const prod = await fixture.stack({ stack: "prod" });
    const policies = (stack: string) => ({
      policyPacks: [join(repositoryRoot, "policies", "launch")],
      policyPackConfigs: [join(repositoryRoot, "policies", "config", `${stack}.json`)],
    });
    const previews: Record<Kind, () => Promise<OperationResult>> = {
      empty: () => empty.preview(),
      local: () => local.preview(),
      dev: () => dev.preview(),
      devWithPolicies: () => dev.preview(policies("dev")),
      prodWithPolicies: () => prod.preview(policies("prod")),
    };
    const runs: Record<Kind, Run[]> = {
      ...{ empty: [], local: [], dev: [], devWithPolicies: [], prodWithPolicies: [] },
    };
    for (let round = 0; round <= rounds; round += 1) {
      for (const kind of kinds) {
        const run = await timed(previews[kind]);
        if (round > 0) runs[kind].push(run);
      }
    }
    return runs;
  } finally {
    await fixture.stop();
  }
}

async function timed(preview: () => Promise<OperationResult>): Promise<Run> {
  const [started, cpuBefore] = [performance.now(), await cpuOfChildren()];
  const { code, stdout, stderr } = await preview();
  if (code !== 0) throw new Error(`a preview failed:\n${stdout}${stderr}`);
  return { wall: (performance.now() - started) / 1000, cpu: (await cpuOfChildren()) - cpuBefore };
}

/** CPU seconds of the children that have ended, and of theirs: `cutime` and `cstime` of proc(5), in hundredths of a second. */
async function cpuOfChildren(): Promise<number> {
  const stat = await readFile("/proc/self/stat", "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The figures as lines for the user. */
export function describePreviewBench(bench: PreviewBench): string[] {
  const line = (title: string, runs: readonly Run[]) => {
    // Of each round: what else the machine does falls on both.
    const ratios = runs.map(({ wall }, round) => wall / (bench.empty[round]?.wall ?? NaN));
    const [ratio, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)];
    const wall = median(runs.map((run) => run.wall)).toFixed(2);
    const cpu = median(runs.map((run) => run.cpu)).toFixed(2);
    const times = `${ratio.toFixed(2)} times the empty program (${least.toFixed(2)}–${most.toFixed(2)})`;
    return `  ${title.padEnd(26)} ${wall} s, CPU ${cpu} s, ${times}`;
  };
  return [
    `pulumi preview, medians of ${bench.empty.length} rounds (least–most):`,
    ...kinds.map((kind) => line(titles[kind], bench[kind])),
  ];
}

if (require.main === module) {
  benchPreview(5)
    .then((bench) => process.stdout.write(`${describePreviewBench(bench).join("\n")}\n`))
    .catch((error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    });
}
