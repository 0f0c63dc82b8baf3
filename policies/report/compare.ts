import { isDeepStrictEqual } from "node:util";
import type { PlannedStep } from "./planned";

/**
 * The steps from one program to another, where no state holds what is there: both were previewed as new; pure.
 *
 * Whether a changed resource would have to be replaced only its plugin knows, so each change shows as an update.
 */
export function stepsBetween(base: readonly PlannedStep[], change: readonly PlannedStep[]): PlannedStep[] {
  const declared = new Map(change.map((step) => [step.urn, step]));
  const existing = new Map(base.map((step) => [step.urn, step]));
  const kept = change.map((step): PlannedStep => {
    const before = existing.get(step.urn)?.after;
    if (before === undefined) return { ...step, op: "create", diffs: [], before: undefined };
    const diffs = differing(before.inputs ?? {}, step.after?.inputs ?? {});
    return { ...step, op: diffs.length > 0 ? "update" : "same", diffs, before };
  });
  const gone = base
    .filter(({ urn }) => !declared.has(urn))
    .map((step): PlannedStep => ({ ...step, op: "delete", before: step.after, after: undefined }));
  return [...kept, ...gone];
}

function differing(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key])).sort();
}
