import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sections } from "../../scripts/generate";
import { readable } from "./year/calendar";
import { type Episode, episodes } from "./year/episodes";
import { evaluateYear } from "./year/evaluate";
import { replay, type YearMail } from "./year/replay";

/**
 * The mails of a simulated year of one app, docs/simulated-year.md, which it writes. Fails where a mail comes that no
 * episode expects, or where one is missing.
 *
 * With the environment variable EPISODE, only the episodes whose titles match it (a regular expression), and no quiet days; the page stays.
 */
async function benchYear(): Promise<void> {
  const only = process.env.EPISODE;
  const chosen = episodes
    .filter(({ title }) => new RegExp(only ?? "").test(title))
    .sort((one, other) => one.from - other.from);
  const { posted, others, evaluations } = await evaluateYear(chosen, only === undefined);
  const directory = await mkdtemp(join(tmpdir(), "ds-monitoring-year-"));
  // All at a time: an Alertmanager mostly waits.
  const mails = new Map<Episode, YearMail[]>(
    await Promise.all(
      [...posted].map(async ([one, alerts]) => [one, await replay(alerts, directory)] as const),
    ).finally(() => rm(directory, { recursive: true, force: true })),
  );
  const rows = chosen.flatMap((episode) => rowsOf(episode, mails.get(episode) ?? []));
  const lines = [
    "| when | what happens | mails | right? |",
    "| --- | --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ];
  console.log(lines.join("\n"));
  console.log(`${evaluations} evaluations`);
  for (const { startsAt, annotations } of others)
    console.log(`NOTHING HAPPENED: ${readable(Date.parse(startsAt))} ${annotations.summary}`);
  const sent = [...mails.values()].flat().length;
  const surprises = rows.filter(([, , , verdict = ""]) => /^(NOT EXPECTED|MISSING)/.test(verdict)).length;
  if (surprises > 0 || others.length > 0) process.exitCode = 1;
  if (only !== undefined) return;
  const counted = `${sent} mails in twelve months, ${(sent / 12).toFixed(1)} a month; none on a day on which nothing happened. ${evaluations.toLocaleString("en")} evaluations of rules.`;
  for (const [file, text] of Object.entries(
    sections("simulated-year.md", { year: `${counted}\n\n${lines.join("\n")}\n` }),
  ))
    await writeFile(file, text);
}

/** What came in an episode, in order, and what was expected and did not come. */
function rowsOf(episode: Episode, came: readonly YearMail[]): string[][] {
  const expected = [...(episode.mails ?? [])];
  const cells = came.map(({ at, subject }) => {
    const index = expected.findIndex(([wanted]) => wanted === subject);
    const [verdict] = index < 0 ? [] : expected.splice(index, 1).map(([, text]) => text);
    return [`${readable(at)} ${subject.replaceAll("|", "\\|")}`, verdict ?? "NOT EXPECTED"];
  });
  cells.push(...expected.map(([subject]) => [subject, "MISSING"]));
  if (cells.length === 0) cells.push(["none", "right"]);
  return cells.map((some, index) => [
    index === 0 ? readable(episode.from) : "",
    index === 0 ? episode.title : "",
    ...some,
  ]);
}

benchYear().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
