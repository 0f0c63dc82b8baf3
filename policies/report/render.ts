import { describeLine, largestLines } from "../estimate/describe";
import type { Estimate } from "../estimate/estimate";
import { money } from "../estimate/money";
import type { PolicyViolation } from "./engineRun";
import type { PlannedStep } from "./planned";

/** What a report shows. */
export interface ReportInput {
  stack: string;
  steps: readonly PlannedStep[];
  findings: readonly PolicyViolation[];
  /** Cost before and after the change; undefined where nothing is bought. */
  cost?: { before: Estimate; after: Estimate; maximumMonthly?: number };
  /** Errors of the run other than of policies. */
  errors: readonly string[];
}

/** A comment at GitHub holds 65,536 characters; some are left for what the workflow adds. */
const maximumCharacters = 65_000;

/** At most so many changed resources are listed. */
const listed = 50;

const signs: Readonly<Record<string, string>> = { create: "+", update: "~", delete: "-", replace: "±" };

/** A preview as Markdown for a pull request: verdict, what changes, what it costs against the base, what policies say. Pure. */
export function renderReport(input: ReportInput): string {
  const sections = [
    `## Preview of \`${input.stack}\`: ${verdict(input)}`,
    ...errorSection(input.errors),
    ...changeSection(input.steps),
    ...costSection(input.cost),
    ...policySection(input.findings),
  ];
  return cut(`${sections.join("\n\n")}\n`);
}

/** The whole lines that a comment has room for. */
function cut(text: string): string {
  if (text.length <= maximumCharacters) return text;
  const note = "\n\n… cut: the rest is in the log of the run.\n";
  const room = text.slice(0, maximumCharacters - note.length);
  return room.slice(0, room.lastIndexOf("\n")) + note;
}

function verdict({ findings, errors }: ReportInput): string {
  const refusals = findings.filter(({ level }) => level === "mandatory").length;
  if (errors.length > 0) return "❌ it failed";
  if (refusals > 0)
    return `❌ ${refusals} ${refusals === 1 ? "violation" : "violations"} of mandatory policies`;
  return "✅ it may go ahead";
}

function errorSection(errors: readonly string[]): string[] {
  return errors.length === 0 ? [] : ["### Errors", errors.map((error) => `- ${inline(error)}`).join("\n")];
}

function changeSection(steps: readonly PlannedStep[]): string[] {
  const changes = steps
    .filter(({ op, type }) => op in signs && !isOwnOfPulumi(type))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  if (changes.length === 0) return ["### Changes", "None."];
  const counts = Object.keys(signs)
    .map((op) => ({ op, count: changes.filter((step) => step.op === op).length }))
    .filter(({ count }) => count > 0)
    .map(({ op, count }) => `${count} to ${op}`);
  const rows = changes
    .slice(0, listed)
    .map(
      ({ op, type, name, diffs }) => `| ${signs[op]} ${op} | \`${type}\` | ${name} | ${diffs.join(", ")} |`,
    );
  const more = changes.length - listed;
  return [
    "### Changes",
    `${counts.join(", ")}.`,
    ["| what | type | name | properties |", "| --- | --- | --- | --- |", ...rows].join("\n"),
    ...(more > 0 ? [`… and ${more} more.`] : []),
  ];
}

/** The stack itself and providers are nothing that anyone would look for in a cloud. */
function isOwnOfPulumi(type: string): boolean {
  return type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");
}

function costSection(cost: ReportInput["cost"]): string[] {
  if (cost === undefined) return [];
  const { before, after, maximumMonthly } = cost;
  const row = (title: string, from: number, to: number) =>
    `| ${title} | ${money(from)} | ${money(to)} | ${signed(to - from)} |`;
  const limit =
    maximumMonthly === undefined
      ? "The stack has no budget."
      : `The budget is ${money(maximumMonthly)} ${after.currency} with every node pool at its maximum.`;
  const unpriced = after.unpriced.map(({ resource, reason }) => `- «${resource.name}»: ${reason}`);
  return [
    "### Cost of a month",
    [
      `| ${after.currency} | base | this change | difference |`,
      "| --- | ---: | ---: | ---: |",
      row("node pools at their minimum", before.total.minimum, after.total.minimum),
      row("node pools at their maximum", before.total.maximum, after.total.maximum),
    ].join("\n"),
    limit,
    ...(after.lines.length > 0
      ? [
          `Largest:\n\n${largestLines(after.lines, 5)
            .map((line) => `1. ${describeLine(line)}`)
            .join("\n")}`,
        ]
      : []),
    ...(unpriced.length > 0
      ? [`**Not in these figures, since their cost is not known:**\n\n${unpriced.join("\n")}`]
      : []),
  ];
}

function policySection(findings: readonly PolicyViolation[]): string[] {
  if (findings.length === 0) return ["### Policies", "All pass."];
  const order = [...findings].sort((a, b) => compare(a, b));
  const rows = order.map(({ policy, level, message, urn }) => {
    const name = urn?.split("::").at(-1) ?? "";
    return `| ${level === "mandatory" ? "❌" : "⚠️"} ${policy} | ${name} | ${inline(withoutDescription(message))} |`;
  });
  return ["### Policies", ["| policy | resource | says |", "| --- | --- | --- |", ...rows].join("\n")];
}

function compare(a: PolicyViolation, b: PolicyViolation): number {
  const key = ({ level, policy, urn, message }: PolicyViolation) =>
    [level === "mandatory" ? "0" : "1", policy, urn ?? "", message].join("\n");
  return key(a) < key(b) ? -1 : 1;
}

/** The engine puts a policy's description on the first line of what the policy says. */
function withoutDescription(message: string): string {
  return message.slice(message.indexOf("\n") + 1);
}

/** A text on one line, that neither ends a table's cell nor is taken for Markdown or HTML. */
function inline(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_|<>[\]]/g, (character) => `\\${character}`);
}

function signed(amount: number): string {
  return amount < 0 ? `−${money(-amount)}` : `+${money(amount)}`;
}
