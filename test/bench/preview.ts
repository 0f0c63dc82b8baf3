import { join } from "node:path";
import { repositoryRoot } from "../../local/paths";
import { Fixture, type OperationResult } from "../engine/harness";

/** Times of one kind of preview, in milliseconds, sorted. */
export type Times = readonly number[];

/** What is measured, each in turn. */
const titles = {
  empty: "empty program",
  local: "stack local",
  dev: "stack dev",
  devWithPolicies: "stack dev with policies",
  prodWithPolicies: "stack prod with policies",
};

type Kind = keyof typeof titles;
export type PreviewBench = Record<Kind, Times>;
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
    const times: Record<Kind, number[]> = {
      ...{ empty: [], local: [], dev: [], devWithPolicies: [], prodWithPolicies: [] },
    };
    for (let round = 0; round <= rounds; round += 1) {
      for (const kind of kinds) {
        const time = await timed(previews[kind]);
        if (round > 0) times[kind].push(time);
      }
    }
    for (const kind of kinds) times[kind].sort((a, b) => a - b);
    return times;
  } finally {
    await fixture.stop();
  }
}

async function timed(preview: () => Promise<OperationResult>): Promise<number> {
  const started = performance.now();
  const { code, stdout, stderr } = await preview();
  if (code !== 0) throw new Error(`a preview failed:\n${stdout}${stderr}`);
  return performance.now() - started;
}

function median(times: Times): number {
  return times[Math.floor(times.length / 2)] ?? NaN;
}

/** The figures as lines for the user. */
export function describePreviewBench(bench: PreviewBench): string[] {
  const line = (title: string, times: Times) => {
    const [least, most] = [times[0] ?? NaN, times.at(-1) ?? NaN];
    const seconds = (value: number) => (value / 1000).toFixed(2);
    const ratio = (median(times) / median(bench.empty)).toFixed(2);
    return `  ${title.padEnd(26)} ${seconds(median(times))} s (${seconds(least)}–${seconds(most)}), ${ratio}× the empty program`;
  };
  return [
    `pulumi preview, median of ${bench.empty.length} (least–most):`,
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
