import { createDataFrame, FieldType, type DataFrame, type FieldDTO } from "@grafana/data";

import type { InfluxSeries } from "../../local/services/influxQuery";
import type { AnnotationModel, TargetModel } from "./dashboardModel";

/**
 * Data frames as Grafana's InfluxDB data source makes them of an InfluxQL answer. That part of Grafana is a program of
 * its own, not in its libraries: what is here follows what it answers.
 *
 * Of a table each column gets its name as display name, which survives transformations; of time series each value field
 * gets the alias, or the measurement, the column and the tags.
 */
export function toFrames(
  series: readonly InfluxSeries[],
  target: Pick<TargetModel, "alias" | "resultFormat">,
): DataFrame[] {
  if (target.resultFormat === "table") return series.length === 0 ? [] : [tableOf(series)];
  return series.flatMap((one) =>
    one.columns.flatMap((column, index) => {
      if (column === "time") return [];
      const name = seriesName(one, column, target.alias);
      const value = field(
        "Value",
        one.values.map((row) => row[index] ?? null),
        name,
      );
      return [createDataFrame({ name, fields: [timeField([one]), { ...value, labels: { ...one.tags } }] })];
    }),
  );
}

function tableOf(series: readonly InfluxSeries[]): DataFrame {
  const [first] = series;
  const tags = Object.keys(first?.tags ?? {}).map((tag) =>
    field(
      tag,
      series.flatMap((one) => one.values.map(() => one.tags?.[tag] ?? null)),
      tag,
    ),
  );
  const columns = (first?.columns ?? []).flatMap((column, index) =>
    column === "time"
      ? []
      : [
          field(
            column,
            series.flatMap((one) => one.values.map((row) => row[index] ?? null)),
            column,
          ),
        ],
  );
  return createDataFrame({ name: first?.name, fields: [timeField(series), ...tags, ...columns] });
}

function timeField(series: readonly InfluxSeries[]): FieldDTO {
  return {
    name: "Time",
    type: FieldType.time,
    values: series.flatMap((one) => one.values.map((row) => row[0] ?? null)),
    config: {},
  };
}

/** With its type given, Grafana does not take a text such as "2" for a number. */
function field(name: string, values: readonly unknown[], displayNameFromDS: string): FieldDTO {
  const type = typeof (values.find((value) => value !== null) ?? 0) as FieldType;
  return { name, type, values: [...values], config: { displayNameFromDS } };
}

function seriesName({ name, tags = {} }: InfluxSeries, column: string, alias: string | undefined): string {
  if (alias === undefined) {
    const labels = Object.entries(tags).map(([key, value]) => `${key}: ${value}`);
    return `${name}.${column}${labels.length === 0 ? "" : ` { ${labels.join(", ")} }`}`;
  }
  return alias.replace(/\$(\w+)/g, (macro, word: string) => {
    if (word === "col") return column;
    if (word === "m" || word === "measurement") return name;
    return word.startsWith("tag_") ? (tags[word.slice("tag_".length)] ?? macro) : macro;
  });
}

/** A mark on the time axis. */
export interface Mark {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly text: string;
  readonly tags: readonly string[];
}

/**
 * Marks as Grafana makes them of an annotation's answer: the frames of one tag set are a table's columns, and a column
 * is one of tags, or the text, when its name, tag values and all, contains the word.
 *
 * @throws Error where Grafana breaks: a number taken for tags
 */
export function marksOf(series: readonly InfluxSeries[], { name, target }: AnnotationModel): Mark[] {
  const columnsOf = (one: InfluxSeries): string[] =>
    one.columns.map((column) => (column === "time" ? "time" : seriesName(one, column, undefined)));
  // Grafana names the columns of all tag sets by those of the first.
  const names = series[0] === undefined ? [] : columnsOf(series[0]);
  const tagWords = (target?.tagsColumn ?? "").replace(" ", "").split(",");
  const isTags = names.map((one) => one !== "time" && tagWords.some((word) => one.includes(word)));
  const textIndex = names.findLastIndex(
    (one, index) => isTags[index] !== true && one.includes(target?.textColumn ?? ""),
  );
  return series.flatMap(({ values }) =>
    values
      .filter((row) => !row.includes(null))
      .map((row) => ({
        timeMs: Number(row[0]),
        text: String(row[textIndex] ?? ""),
        tags: row.flatMap((value, index) => {
          if (isTags[index] !== true || value === null || value === 0 || value === "") return [];
          if (typeof value === "string") return value.split(",");
          throw new Error(
            `annotation "${name}": Grafana takes the number in "${names[index] ?? ""}" for tags`,
          );
        }),
      })),
  );
}
