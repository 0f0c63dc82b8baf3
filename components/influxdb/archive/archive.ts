import { InfluxUnavailableError, reasonOf } from "../influxApi";
import { type ArchiveFolder, type CompressedFile, VolumeFullError } from "./archiveFolder";
import { agedDays, type Day, liveDays, lostDays } from "./days";
import type { EventsReader, SeriesRows } from "./eventsReader";
import { type FieldType, renderRows } from "./lineProtocol";
import {
  type ArchivedFile,
  type ArchivedMeasurement,
  decideExport,
  emptyManifest,
  fileName,
  type Manifest,
  valuesOf,
} from "./manifest";
import { decodeText } from "./messagePack";

/** Options of {@link archive}. */
export interface ArchiveOptions {
  reader: EventsReader;
  folder: ArchiveFolder;
  /** Days that InfluxDB keeps the events. */
  retentionDays: number;
  /**
   * Days that the archive keeps.
   * @default all
   */
  keepDays?: number;
  /** Seconds since 1970. */
  now: number;
  /** Progress, a line each. */
  log: (line: string) => void;
}

/** Result of a run. */
export interface ArchiveReport {
  /** Measurements of days that were exported. */
  exported: number;
  /** What could not be exported; the next run tries it again. */
  failures: string[];
  /** Days that expired before they were archived, found by this run. Looked for only where nothing has failed. */
  lost: Day[];
  /** Days that the archive no longer keeps. */
  removed: Day[];
}

/**
 * Archive each day that is over and that InfluxDB still holds, as far as it is not yet: days that were missed, and days
 * that have grown since.
 *
 * @throws InfluxUnavailableError, VolumeFullError when nothing more can be done
 */
export async function archive(options: ArchiveOptions): Promise<ArchiveReport> {
  const { reader } = options;
  const report: ArchiveReport = { exported: 0, failures: [], lost: [], removed: [] };
  const live = liveDays(options.now, options.retentionDays);
  const measurements = await reader.measurements();
  await removeAgedDays(options, report);
  for (const day of live) await archiveDay(options, day, measurements, report);
  // A lost day is reported once. After a failure another run follows, which reports it.
  if (report.failures.length === 0) await reportLostDays(options, live[0], report);
  return report;
}

async function removeAgedDays(
  { folder, now, keepDays, log }: ArchiveOptions,
  report: ArchiveReport,
): Promise<void> {
  if (keepDays === undefined) return;
  for (const day of agedDays(await folder.days(), now, keepDays)) {
    await folder.removeDay(day);
    report.removed.push(day);
    log(`${day}: removed, older than ${keepDays} days`);
  }
}

async function archiveDay(
  options: ArchiveOptions,
  day: Day,
  measurements: readonly string[],
  report: ArchiveReport,
): Promise<void> {
  const { reader, folder, log } = options;
  const existing = await folder.readManifest(day);
  const manifest = existing ?? emptyManifest(day);
  let failed = false;
  let changed = existing === undefined || !manifest.complete;
  for (const measurement of measurements) {
    try {
      const archived = manifest.measurements[measurement];
      const available = await reader.count(measurement, day);
      const intact = archived === undefined || (await folder.holds(day, archived.files));
      const decision = decideExport(available, archived, intact);
      if (decision === "less") {
        const values = archived === undefined ? 0 : valuesOf(archived);
        log(`${day} ${measurement}: InfluxDB has ${available} of ${values} values, what is archived stays`);
      }
      if (decision !== "export") continue;
      const exported = await exportMeasurement(options, day, measurement, available);
      manifest.measurements[measurement] = exported;
      await folder.writeManifest(manifest);
      changed = true;
      report.exported += 1;
      log(`${day} ${measurement}: ${summary(exported)}`);
    } catch (error) {
      if (error instanceof InfluxUnavailableError || error instanceof VolumeFullError) throw error;
      failed = true;
      const failure = `${day} ${measurement}: ${reasonOf(error)}`;
      report.failures.push(failure);
      log(`error: ${failure}`);
    }
  }
  if (!changed || failed) return;
  manifest.complete = true;
  await folder.writeManifest(manifest);
  await folder.tidy(manifest);
}

function summary({ points, files, skipped }: ArchivedMeasurement): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const warning = skipped && `; LEFT OUT ${skipped.points} points that line protocol can't express`;
  return `${points} points, ${bytes} bytes${warning ?? ""}`;
}

async function exportMeasurement(
  { reader, folder, now }: ArchiveOptions,
  day: Day,
  measurement: string,
  available: number,
): Promise<ArchivedMeasurement> {
  const types = await reader.fieldTypes(measurement);
  const writer = new MeasurementWriter(measurement, unsignedFields(types), (name) =>
    folder.create(day, name),
  );
  try {
    for await (const series of reader.points(measurement, day)) await writer.write(series);
    // Points may have come since they were counted; fewer means that InfluxDB has not given all of them.
    if (writer.values < available) {
      throw new Error(
        `InfluxDB has given ${writer.values} of ${available} values: the day is dropping out of it, or points were deleted`,
      );
    }
    return await writer.finish(new Date(now * 1000).toISOString());
  } finally {
    await writer.discard();
  }
}

/** The fields whose integers are unsigned. One that has been both is taken for signed. */
function unsignedFields(types: ReadonlyMap<string, ReadonlySet<FieldType>>): Set<string> {
  const fields = [...types].filter(([, of]) => of.has("unsigned") && !of.has("integer"));
  return new Set(fields.map(([field]) => field));
}

/** Writes a measurement of a day to its files, and counts. */
class MeasurementWriter {
  /** Values that InfluxDB has given, also of points that were skipped. */
  values = 0;
  private readonly skipped = { points: 0, values: 0 };
  private readonly fields: Record<string, { type: FieldType; values: number }> = {};
  private readonly open: { file: CompressedFile; points: number; breaks: boolean }[] = [];

  constructor(
    private readonly measurement: string,
    private readonly unsigned: ReadonlySet<string>,
    private readonly create: (name: string) => Promise<CompressedFile>,
  ) {}

  async write({ tags, fields, rows }: SeriesRows): Promise<void> {
    const counts = fields.map(() => ({ type: "float" as FieldType, values: 0 }));
    const measurement = Buffer.from(this.measurement, "utf8").toString("latin1");
    const render = renderRows({ measurement, tags, fields, unsigned: this.unsigned }, (column, type) => {
      const count = counts[column];
      if (count === undefined) return;
      count.type = type;
      count.values += 1;
    });
    if (render === undefined) {
      const values = rows.flatMap((row) => row.slice(1).filter((value) => value !== null)).length;
      this.skipped.points += rows.length;
      this.skipped.values += values;
      this.values += values;
      return;
    }
    const lines = rows.map(render);
    const withBreaks = lines.filter((line) => line.indexOf("\n") < line.length - 1);
    const withoutBreaks =
      withBreaks.length === 0 ? lines : lines.filter((line) => line.indexOf("\n") === line.length - 1);
    await this.append(withoutBreaks, false);
    await this.append(withBreaks, true);
    fields.forEach((field, column) => this.add(decodeText(field), counts[column]));
  }

  private add(field: string, count: { type: FieldType; values: number } | undefined): void {
    if (count === undefined || count.values === 0) return;
    const known = this.fields[field];
    if (known !== undefined && known.type !== count.type) {
      throw new Error(
        `the field ${field} is both ${known.type} and ${count.type} in this day, and could not be written back`,
      );
    }
    this.fields[field] = { type: count.type, values: (known?.values ?? 0) + count.values };
    this.values += count.values;
  }

  private async append(lines: readonly string[], breaks: boolean): Promise<void> {
    if (lines.length === 0) return;
    let target = this.open.find((one) => one.breaks === breaks);
    if (target === undefined) {
      target = { file: await this.create(fileName(this.measurement, breaks)), points: 0, breaks };
      this.open.push(target);
    }
    target.points += lines.length;
    await target.file.write(lines.join(""));
  }

  async finish(exportedAt: string): Promise<ArchivedMeasurement> {
    const files: ArchivedFile[] = [];
    for (const { file, points } of this.open) files.push(await file.finish(points));
    return {
      files,
      points: files.reduce((sum, { points }) => sum + points, 0),
      fields: this.fields,
      ...(this.skipped.points > 0 && { skipped: this.skipped }),
      exportedAt,
    };
  }

  /** Remove what is not finished. */
  async discard(): Promise<void> {
    for (const { file } of this.open) await file.discard();
  }
}

async function reportLostDays(
  { folder, now }: ArchiveOptions,
  firstLive: Day | undefined,
  report: ArchiveReport,
): Promise<void> {
  if (firstLive === undefined) return;
  const known = await folder.days();
  const manifests = new Map<Day, Manifest>();
  for (const day of known.filter((one) => one < firstLive)) {
    manifests.set(day, (await folder.readManifest(day)) ?? emptyManifest(day));
  }
  const done = [...manifests.values()].filter(({ complete, lost }) => complete || lost !== undefined);
  for (const day of lostDays(known, new Set(done.map((manifest) => manifest.day)), firstLive)) {
    const manifest = manifests.get(day) ?? emptyManifest(day);
    const lost = `found expired at ${new Date(now * 1000).toISOString()}`;
    await folder.writeManifest({ ...manifest, lost });
    report.lost.push(day);
  }
}
