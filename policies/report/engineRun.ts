import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { PlannedState, PlannedStep } from "./planned";

/** A message of a run of the engine. */
export interface Diagnostic {
  /** info, info#err, warning or error. */
  severity: string;
  message: string;
  urn?: string;
}

/** What a policy found. */
export interface PolicyViolation {
  policy: string;
  /** mandatory, advisory, … */
  level: string;
  message: string;
  urn?: string;
}

/** What one run of the engine did, or would do. */
export interface EngineRun {
  /** Number of resources by operation, for example `{ create: 12, same: 3 }`. */
  changes: Record<string, number>;
  steps: PlannedStep[];
  /** URNs of the resources whose operation failed. */
  failed: string[];
  diagnostics: Diagnostic[];
  policyViolations: PolicyViolation[];
}

/**
 * What a run did, from its events. Messages for debugging, and those that only say where a plugin was found, are left
 * out.
 */
export function engineRun(events: Iterable<EngineEvent>): EngineRun {
  const run: EngineRun = { changes: {}, steps: [], failed: [], diagnostics: [], policyViolations: [] };
  for (const { resourcePreEvent, resOpFailedEvent, diagnosticEvent, policyEvent, summaryEvent } of events) {
    if (resourcePreEvent !== undefined) {
      const { op, urn, type, diffs, detailedDiff, keys, old, new: after } = resourcePreEvent.metadata;
      // The steps of a replacement name no properties in `diffs`.
      const changed = [diffs, Object.keys(detailedDiff ?? {}), keys].find((names) => names?.length);
      run.steps.push({
        ...{ op, urn, type, diffs: changed ?? [], name: urn.slice(urn.lastIndexOf("::") + 2) },
        before: (old ?? undefined) as PlannedState | undefined,
        after: (after ?? undefined) as PlannedState | undefined,
      });
    }
    if (resOpFailedEvent !== undefined) run.failed.push(resOpFailedEvent.metadata.urn);
    if (diagnosticEvent !== undefined && isWorthReading(diagnosticEvent)) {
      const { severity, message, urn } = diagnosticEvent;
      run.diagnostics.push({ severity, message, urn });
    }
    if (policyEvent !== undefined) {
      const { policyName, enforcementLevel, message, resourceUrn } = policyEvent;
      run.policyViolations.push({ policy: policyName, level: enforcementLevel, message, urn: resourceUrn });
    }
    if (summaryEvent !== undefined)
      run.changes = (summaryEvent.resourceChanges ?? {}) as EngineRun["changes"];
  }
  return run;
}

/** The events of an event log: one JSON object a line. A last line that was cut off by a kill is left out. */
export function readEventLog(text: string): EngineEvent[] {
  return text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
}

/** The steps that do something: all but `same`, `read` and `refresh`. */
export function changingSteps(run: Pick<EngineRun, "steps">): PlannedStep[] {
  return run.steps.filter(({ op }) => !["same", "read", "refresh"].includes(op));
}

function isWorthReading({ severity, message }: { severity: string; message: string }): boolean {
  return severity !== "debug" && !/^using pulumi-\S+ from \$PATH/.test(message);
}
