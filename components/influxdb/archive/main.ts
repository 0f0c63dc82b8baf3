import { reasonOf } from "../reconcile/influxApi";
import { archive } from "./archive";
import { ArchiveFolder } from "./archiveFolder";
import { EventsReader } from "./eventsReader";

/**
 * Exit codes: 1 something could not be archived (the next try may), 2 wrong configuration, 3 days are lost. Another try
 * of the same Job would change nothing about the last two.
 */
const exitCodes = { done: 0, failed: 1, wrongConfiguration: 2, daysLost: 3 } as const;

/** A wrong or missing setting; the message names it and the fix. */
class ConfigurationError extends Error {}

function required(variable: string, meaning: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") {
    throw new ConfigurationError(`${variable} is not set: ${meaning}`);
  }
  return value;
}

function days(variable: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new ConfigurationError(`${variable} must be whole days, at least 1, got "${text}"`);
  }
  return value;
}

/**
 * Reads INFLUXDB_URL, INFLUXDB_USERNAME, INFLUXDB_PASSWORD, ARCHIVE_DIRECTORY, ARCHIVE_RETENTION_DAYS (days that InfluxDB
 * keeps the events), ARCHIVE_KEEP_DAYS (days that the archive keeps; all when left out).
 */
async function main(): Promise<number> {
  // What was logged is nobody's business but the archive's.
  process.umask(0o077);
  const keep = process.env.ARCHIVE_KEEP_DAYS;
  const report = await archive({
    reader: new EventsReader({
      url: required("INFLUXDB_URL", "e.g. http://influxdb:8086"),
      username: required("INFLUXDB_USERNAME", "a user that may read the bucket events"),
      password: required("INFLUXDB_PASSWORD", "the password of INFLUXDB_USERNAME"),
    }),
    folder: new ArchiveFolder(required("ARCHIVE_DIRECTORY", "folder of the archive")),
    retentionDays: days(
      "ARCHIVE_RETENTION_DAYS",
      required("ARCHIVE_RETENTION_DAYS", "days that InfluxDB keeps the events, e.g. 14"),
    ),
    keepDays: keep === undefined ? undefined : days("ARCHIVE_KEEP_DAYS", keep),
    now: Math.floor(Date.now() / 1000),
    log: (line) => console.log(line),
  });
  for (const day of report.lost) {
    console.error(
      `error: ${day} is lost, or a part of it: it expired in InfluxDB before it was archived. It is marked in its ` +
        "manifest and not told again",
    );
  }
  console.log(
    `${report.exported} exported, ${report.removed.length} days removed, ${report.failures.length} failed, ` +
      `${report.lost.length} days lost`,
  );
  if (report.failures.length > 0) return exitCodes.failed;
  return report.lost.length > 0 ? exitCodes.daysLost : exitCodes.done;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`error: ${reasonOf(error)}`);
    process.exitCode = error instanceof ConfigurationError ? exitCodes.wrongConfiguration : exitCodes.failed;
  },
);
