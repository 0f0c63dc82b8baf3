import { createDataFrame, type DataFrame, type DataTransformerInfo } from "@grafana/data";
import { map } from "rxjs";

interface Options {
  /** Names of the fields whose values tell the frames apart. */
  readonly fields: readonly string[];
}

/**
 * Grafana's transformation "Partition by values" with `naming.asLabels` and without `keepFields`: a frame for each value
 * of the named fields, which become labels of the others. It is in Grafana's program, not in its libraries.
 *
 * Source: https://grafana.com/docs/grafana/latest/panels-visualizations/query-transform-data/transform-data/#partition-by-values
 */
export const partitionByValues: DataTransformerInfo<Options> = {
  id: "partitionByValues",
  name: "Partition by values",
  operator: ({ fields }) => map((data) => data.flatMap((frame) => partition(frame, fields))),
};

function partition(frame: DataFrame, names: readonly string[]): DataFrame[] {
  const keys = frame.fields.filter(({ name }) => names.includes(name));
  const groups = new Map<string, { labels: Record<string, string>; rows: number[] }>();
  for (let row = 0; row < frame.length; row += 1) {
    const labels = Object.fromEntries(keys.map(({ name, values }) => [name, String(values[row])]));
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, rows }) =>
    createDataFrame({
      name: frame.name,
      fields: frame.fields
        .filter((field) => !keys.includes(field))
        .map((field) => ({
          ...field,
          labels: { ...field.labels, ...labels },
          values: rows.map((row) => field.values[row] as unknown),
          state: undefined,
        })),
    }),
  );
}
