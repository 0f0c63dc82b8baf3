import { type InfluxRow, influxQl } from "./services/influxQuery";
import type { ReceivedMail } from "./services/smtpSink";
import type { Demo } from "./stack";

/** A table of the report: a title and the query that fills it. */
interface ReportTable {
  title: string;
  query: string;
}

const kpis: readonly ReportTable[] = [
  {
    title: "Requests: total, unique, users",
    query:
      'SELECT count("duration_s") AS "requests", count(distinct("request.fingerprint")) AS "unique", ' +
      'count(distinct("enduser.pseudo.id")) AS "users" FROM "events"."http.server.request" ' +
      'WHERE time > now() - 1d GROUP BY "service"',
  },
  {
    title: "Response time in seconds, by route and status",
    query:
      'SELECT count("duration_s") AS "requests", percentile("duration_s", 50) AS "p50", ' +
      'percentile("duration_s", 95) AS "p95" FROM "events"."http.server.request" ' +
      'WHERE time > now() - 1d GROUP BY "route", "status_class"',
  },
  {
    title: "Training runs",
    query:
      'SELECT "cicd.pipeline.run.id" AS "run", "duration_s" FROM "events"."pipeline.run.end" ' +
      'WHERE time > now() - 1d GROUP BY "result"',
  },
  {
    title: "Decisions",
    query:
      'SELECT "reason" FROM "events"."ml.decision" WHERE time > now() - 1d GROUP BY "model_version", "decision"',
  },
  {
    title: "Drift of the new data against the old",
    query:
      'SELECT "psi", "n_ref", "n_cur" FROM "events"."ml.drift" ' +
      'WHERE time > now() - 1d AND "comparison" = \'new_vs_old\' GROUP BY "model_version", "feature", "verdict"',
  },
];

const rollups: readonly ReportTable[] = (["minutely", "hourly", "daily", "weekly"] as const).map(
  (bucket) => ({
    title: `Requests in "${bucket}"`,
    query:
      'SELECT sum("count") AS "requests", sum("duration_s.sum") AS "seconds", max("duration_s.max") AS "slowest" ' +
      `FROM "${bucket}"."http.server.request" GROUP BY "service"`,
  }),
);

/** The figures of the demo as text: KPIs from the raw events, then the rollups. */
export async function figures(demo: Demo): Promise<string> {
  const tables: string[] = [];
  for (const { title, query } of [...kpis, ...rollups]) {
    const rows = await influxQl(demo.reader, query);
    tables.push(`${title}\n${tableText(rows)}`);
  }
  return tables.join("\n");
}

/** The e-mails as text, oldest first: time, subject and first paragraph. */
export function mailText(mails: readonly ReceivedMail[]): string {
  return mails
    .map(({ receivedAt, subject, text }) => {
      const [, meaning = ""] = text.split("\n\n");
      return `  ${receivedAt.toISOString().slice(11, 19)}  ${subject}\n            ${meaning}`;
    })
    .join("\n");
}

/** Rows as aligned columns; without the time, which is that of the query. */
function tableText(rows: readonly InfluxRow[]): string {
  if (rows.length === 0) return "  nothing";
  const columns = Object.keys(rows[0] as InfluxRow).filter((column) => column !== "time");
  const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  return [columns, ...cells]
    .map((row) => `  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

function cellText(value: InfluxRow[string] | undefined): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value);
}
