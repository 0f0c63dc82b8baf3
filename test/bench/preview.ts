import { join } from "node:path";
import { repositoryRoot } from "../../local/paths";
import { Fixture } from "../engine/harness";

/** Times of one kind of preview, in milliseconds, sorted. */
export type Times = readonly number[];

/** What was measured. */
export interface PreviewBench {
  /** A program that declares nothing. */
  empty: Times;
  /** The whole stack `local`, on the embedded cluster. */
  local: Times;
  /** The whole stack `dev`. */
  dev: Times;
  /** The same with the policy pack. */
  devWithPolicies: Times;
}

/**
 * Time previews of the stacks `local` and `dev` and of an empty program, in turns, so that whatever else the machine does falls on
 * both.
 *
 * @param rounds how often; a first round, which fills the caches, is not counted
 */
export async function benchPreview(rounds: number): Promise<PreviewBench> {
  const fixture = await Fixture.start();
  try {
    const empty = await fixture.stack({ project: join(__dirname, "emptyProgram"), stack: "bench" });
    const local = await fixture.stack({ stack: "local" });
    const dev = await fixture.stack({ stack: "dev" });
    const policies = {
      policyPacks: [join(repositoryRoot, "policies", "launch")],
      policyPackConfigs: [join(repositoryRoot, "policies", "config", "dev.json")],
    };
    const times = {
      empty: [] as number[],
      local: [] as number[],
      dev: [] as number[],
      devWithPolicies: [] as number[],
    };
    for (let round = 0; round <= rounds; round += 1) {
      const measured = {
        empty: await timed(() => empty.preview()),
        local: await timed(() => local.preview()),
        dev: await timed(() => dev.preview()),
        devWithPolicies: await timed(() => dev.preview(policies)),
      };
      if (round === 0) continue;
      for (const kind of ["empty", "local", "dev", "devWithPolicies"] as const)
        times[kind].push(measured[kind]);
    }
    for (const kind of Object.values(times)) kind.sort((a, b) => a - b);
    return times;
  } finally {
    await fixture.stop();
  }
}

async function timed(preview: () => Promise<{ code: number | null; stderr: string }>): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await preview();
  if (code !== 0) throw new Error(`a preview failed:\n${stderr}`);
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
    line("empty program", bench.empty),
    line("stack local", bench.local),
    line("stack dev", bench.dev),
    line("stack dev with policies", bench.devWithPolicies),
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
