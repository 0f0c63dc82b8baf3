/** A line of the engine's event log, with the parts that are read here. */
interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata };
  resOpFailedEvent?: { metadata: StepMetadata };
  diagnosticEvent?: { severity: string; message: string; urn?: string };
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    policyPackName: string;
    enforcementLevel: string;
  };
  summaryEvent?: { resourceChanges?: Record<string, number>; durationSeconds: number };
}

interface StepMetadata {
  op: string;
  urn: string;
  type: string;
  diffs?: string[] | null;
  old?: ResourceState | null;
  new?: ResourceState | null;
}

/** A resource in the state, or as it will be there. Secrets are blanked, unknown values stand as the engine writes them. */
export interface ResourceState {
  inputs?: Record<string, unknown>;
  /** URN of the parent. */
  parent?: string;
  protect?: boolean;
}

/** What the engine does, or would do, to one resource. */
export interface Step {
  /** create, update, delete, same, read, create-replacement, delete-replaced, replace, … */
  op: string;
  urn: string;
  type: string;
  /** The last part of the URN. */
  name: string;
  /** Top-level input properties that differ; empty when nothing does. */
  diffs: string[];
  /** What the state holds; undefined for a resource that is new. */
  before?: ResourceState;
  /** What the program declares; undefined for a resource that goes. */
  after?: ResourceState;
}

export interface Diagnostic {
  /** info, info#err, warning or error. */
  severity: string;
  message: string;
  urn?: string;
}

export interface PolicyViolation {
  policy: string;
  pack: string;
  /** mandatory, advisory, … */
  level: string;
  message: string;
  urn?: string;
}

/** What one run of the engine did, read from its event log. */
export interface EngineReport {
  /** Number of resources by operation, for example `{ create: 12, same: 3 }`. */
  changes: Record<string, number>;
  steps: Step[];
  /** URNs of the resources whose operation failed. */
  failed: string[];
  diagnostics: Diagnostic[];
  policyViolations: PolicyViolation[];
}

/**
 * Read an engine event log: one JSON object a line. A last line that was cut off by a kill is left out.
 * Messages for debugging, and those that only say where a plugin was found, are left out.
 */
export function readEventLog(text: string): EngineReport {
  const report: EngineReport = { changes: {}, steps: [], failed: [], diagnostics: [], policyViolations: [] };
  for (const event of completeLines(text)) {
    if (event.resourcePreEvent !== undefined) report.steps.push(step(event.resourcePreEvent.metadata));
    if (event.resOpFailedEvent !== undefined) report.failed.push(event.resOpFailedEvent.metadata.urn);
    if (event.diagnosticEvent !== undefined && isTelling(event.diagnosticEvent)) {
      const { severity, message, urn } = event.diagnosticEvent;
      report.diagnostics.push({ severity, message, urn });
    }
    if (event.policyEvent !== undefined) {
      const { policyName, policyPackName, enforcementLevel, message, resourceUrn } = event.policyEvent;
      report.policyViolations.push({
        policy: policyName,
        pack: policyPackName,
        level: enforcementLevel,
        message,
        urn: resourceUrn,
      });
    }
    if (event.summaryEvent !== undefined) report.changes = event.summaryEvent.resourceChanges ?? {};
  }
  return report;
}

/** The steps that do something: all but `same`, `read` and `refresh`. */
export function changingSteps(report: Pick<EngineReport, "steps">): Step[] {
  return report.steps.filter(({ op }) => !["same", "read", "refresh"].includes(op));
}

function isTelling({ severity, message }: Diagnostic): boolean {
  return severity !== "debug" && !/^using pulumi-\S+ from \$PATH/.test(message);
}

function step(metadata: StepMetadata): Step {
  return {
    op: metadata.op,
    urn: metadata.urn,
    type: metadata.type,
    name: metadata.urn.slice(metadata.urn.lastIndexOf("::") + 2),
    diffs: metadata.diffs ?? [],
    before: metadata.old ?? undefined,
    after: metadata.new ?? undefined,
  };
}

function completeLines(text: string): EngineEvent[] {
  const lines = text.split("\n");
  if (lines.at(-1) !== "") lines.pop();
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EngineEvent);
}
