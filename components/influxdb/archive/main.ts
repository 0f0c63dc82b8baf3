import { InfluxApi } from "../influxApi";
import { ConfigurationError, exitCodes, required, runProgram, waitForInfluxDb } from "../program";
import { archive } from "./archive";
import { ArchiveFolder } from "./archiveFolder";
import { EventsReader } from "./eventsReader";

/** Exit code where days are lost: another try of the same Job would change nothing about them. */
const daysLost = 3;

/**
 * Reads INFLUXDB_URL, INFLUXDB_USERNAME, INFLUXDB_PASSWORD, ARCHIVE_DIRECTORY, ARCHIVE_RETENTION_DAYS (days that InfluxDB
 * keeps the events), ARCHIVE_KEEP_DAYS (days that the archive keeps; all when left out), INFLUXDB_READY_SECONDS (how long
 * it waits for InfluxDB, default 300).
 */
async function main(): Promise<number> {
  // Only the archive may read what was logged.
  process.umask(0o077);
  const api = new InfluxApi({
    url: required("INFLUXDB_URL", "e.g. http://influxdb:8086"),
    username: required("INFLUXDB_USERNAME", "a user that may read the bucket events"),
    password: required("INFLUXDB_PASSWORD", "the password of INFLUXDB_USERNAME"),
  });
  const folder = new ArchiveFolder(required("ARCHIVE_DIRECTORY", "folder of the archive"));
  const retentionDays = days("ARCHIVE_RETENTION_DAYS", "days that InfluxDB keeps the events, e.g. 14");
  const keepDays =
    process.env.ARCHIVE_KEEP_DAYS === undefined ? undefined : days("ARCHIVE_KEEP_DAYS", "e.g. 365");
  await waitForInfluxDb(api);
  const report = await archive({
    reader: new EventsReader(api),
    folder,
    retentionDays,
    ...(keepDays !== undefined && { keepDays }),
    now: Math.floor(Date.now() / 1000),
    log: (line) => console.log(line),
  });
  for (const day of report.lost) {
    console.error(
      `error: ${day} is lost, or a part of it: it expired in InfluxDB before it was archived. It is marked in its ` +
        "manifest and not reported again",
    );
  }
  console.log(
    `${report.exported} exported, ${report.removed.length} days removed, ${report.failures.length} failed, ` +
      `${report.lost.length} days lost`,
  );
  if (report.failures.length > 0) return exitCodes.failed;
  return report.lost.length > 0 ? daysLost : exitCodes.done;
}

function days(variable: string, meaning: string): number {
  const text = required(variable, meaning);
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigurationError(`${variable} must be whole days, at least 1, got "${text}"`);
}

runProgram(main);
