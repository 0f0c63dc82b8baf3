import type { TargetModel } from "./dashboardModel";
import type { InfluxSeries } from "./influxClient";

/** A cell of a result. */
export type Cell = string | number | boolean | null;

/** A table as Grafana's panels get it: the first column of a query's frame is its time, in milliseconds. */
export interface Frame {
  /** Name of a series. */
  readonly name?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Grafana's frames of a query's answer: one a series and column, or one table of them all. */
export function toFrames(
  series: readonly InfluxSeries[],
  target: Pick<TargetModel, "alias" | "resultFormat">,
): Frame[] {
  if (target.resultFormat === "table") return series.length === 0 ? [] : [tableOf(series)];
  return series.flatMap((one) =>
    one.columns.slice(1).map((column, index) => ({
      name: seriesName(one, column, target.alias),
      columns: ["Time", "Value"],
      rows: one.values.map((row) => [row[0] ?? null, row[index + 1] ?? null]),
    })),
  );
}

function tableOf(series: readonly InfluxSeries[]): Frame {
  const first = series[0];
  const tags = Object.keys(first?.tags ?? {});
  return {
    columns: ["Time", ...tags, ...(first?.columns.slice(1) ?? [])],
    rows: series.flatMap((one) =>
      one.values.map((row) => [
        row[0] ?? null,
        ...tags.map((tag) => one.tags?.[tag] ?? null),
        ...row.slice(1),
      ]),
    ),
  };
}

function seriesName(series: InfluxSeries, column: string, alias: string | undefined): string {
  if (alias === undefined) {
    const tags = Object.entries(series.tags ?? {}).map(([name, value]) => `${name}: ${value}`);
    return `${series.name}.${column}${tags.length === 0 ? "" : ` {${tags.join(", ")}}`}`;
  }
  return alias
    .replace(/\$tag_(\w+)/g, (_, tag: string) => series.tags?.[tag] ?? "")
    .replaceAll("$col", column)
    .replaceAll("$m", series.name);
}

/** Applies Grafana's transformations, those that our dashboards use. @throws Error naming one that isn't known here */
export function transform(
  frames: readonly Frame[],
  transformations: readonly { readonly id: string; readonly options: Record<string, unknown> }[],
): Frame[] {
  return transformations.reduce<Frame[]>(
    (current, { id, options }) => {
      switch (id) {
        case "organize":
          return current.map((frame) => organize(frame, options as unknown as OrganizeOptions));
        case "groupingToMatrix":
          return current.map((frame) => toMatrix(frame, options as unknown as MatrixOptions));
        case "merge":
          return [merge(current)];
        case "calculateField":
          return current.map((frame) => calculate(frame, options as unknown as CalculateOptions));
        case "sortBy":
          return current.map((frame) => sortRows(frame, options as unknown as SortOptions));
        case "groupBy":
          return current.map((frame) => groupAndCount(frame, options as unknown as GroupByOptions));
        default:
          throw new Error(`transformation "${id}" is not known here: add it to frames.ts`);
      }
    },
    [...frames],
  );
}

interface OrganizeOptions {
  readonly excludeByName: Readonly<Record<string, boolean>>;
  readonly indexByName: Readonly<Record<string, number>>;
  readonly renameByName: Readonly<Record<string, string>>;
}

function organize(frame: Frame, options: OrganizeOptions): Frame {
  const kept = frame.columns
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => options.excludeByName[name] !== true)
    .sort((a, b) => (options.indexByName[a.name] ?? a.index) - (options.indexByName[b.name] ?? b.index));
  return {
    ...frame,
    columns: kept.map(({ name }) => options.renameByName[name] ?? name),
    rows: frame.rows.map((row) => kept.map(({ index }) => row[index] ?? null)),
  };
}

interface MatrixOptions {
  readonly rowField: string;
  readonly columnField: string;
  readonly valueField: string;
}

function toMatrix(frame: Frame, { rowField, columnField, valueField }: MatrixOptions): Frame {
  const [row, column, value] = [rowField, columnField, valueField].map((name) => columnIndex(frame, name));
  const distinct = (index: number | undefined): Cell[] => [
    ...new Set(frame.rows.map((cells) => cells[index ?? -1] ?? null)),
  ];
  const columns = distinct(column);
  return {
    columns: [`${rowField}\\${columnField}`, ...columns.map(String)],
    rows: distinct(row).map((rowValue) => [
      rowValue,
      ...columns.map((columnValue) => {
        // Grafana keeps the last of several values for one cell.
        const cells = frame.rows.filter(
          (one) => one[row ?? -1] === rowValue && one[column ?? -1] === columnValue,
        );
        return cells.at(-1)?.[value ?? -1] ?? null;
      }),
    ]),
  };
}

function merge(frames: readonly Frame[]): Frame {
  const columns = [...new Set(frames.flatMap((frame) => frame.columns))];
  const shared = columns.filter((name) => frames.every((frame) => frame.columns.includes(name)));
  const merged = new Map<string, Record<string, Cell>>();
  for (const frame of frames) {
    for (const row of frame.rows) {
      const cells = Object.fromEntries(frame.columns.map((name, index) => [name, row[index] ?? null]));
      const key = JSON.stringify(shared.map((name) => cells[name]));
      merged.set(key, { ...merged.get(key), ...cells });
    }
  }
  return {
    columns,
    rows: [...merged.values()].map((cells) => columns.map((name) => cells[name] ?? null)),
  };
}

interface CalculateOptions {
  readonly mode: string;
  readonly alias: string;
  readonly reduce?: { readonly reducer: string; readonly include?: readonly string[] };
  readonly binary?: { readonly left: string; readonly operator: string; readonly right: string };
}

/** A new last column: the sum of columns, or one by another; nothing where there is nothing to calculate with. */
function calculate(frame: Frame, { mode, alias, reduce, binary }: CalculateOptions): Frame {
  const value = (row: readonly Cell[], name: string): Cell => row[frame.columns.indexOf(name)] ?? null;
  let of: (row: readonly Cell[]) => Cell;
  if (mode === "reduceRow" && reduce?.reducer === "sum") {
    const names = reduce.include ?? frame.columns;
    of = (row) =>
      names
        .map((name) => value(row, name))
        .filter((one) => typeof one === "number")
        .reduce((sum, one) => sum + one, 0);
  } else if (mode === "binary" && binary?.operator === "/") {
    of = (row) => {
      const [left, right] = [value(row, binary.left), value(row, binary.right)];
      return typeof left === "number" && typeof right === "number" ? left / right : null;
    };
  } else {
    throw new Error(`calculation "${mode}" of "${alias}" is not known here: add it to frames.ts`);
  }
  return { ...frame, columns: [...frame.columns, alias], rows: frame.rows.map((row) => [...row, of(row)]) };
}

interface SortOptions {
  readonly sort: readonly { readonly field: string; readonly desc: boolean }[];
}

function sortRows(frame: Frame, { sort }: SortOptions): Frame {
  const [by] = sort;
  if (by === undefined) return frame;
  const index = columnIndex(frame, by.field);
  const direction = by.desc ? -1 : 1;
  return {
    ...frame,
    rows: [...frame.rows].sort((a, b) => direction * (Number(a[index] ?? 0) - Number(b[index] ?? 0))),
  };
}

interface GroupByOptions {
  readonly fields: Readonly<
    Record<string, { readonly operation: string; readonly aggregations: readonly string[] }>
  >;
}

/** One grouped column, counts of others. */
function groupAndCount(frame: Frame, { fields }: GroupByOptions): Frame {
  const group = Object.keys(fields).find((name) => fields[name]?.operation === "groupby");
  const counted = Object.keys(fields).filter((name) => fields[name]?.aggregations.includes("count") === true);
  const groupIndex = columnIndex(frame, group ?? "");
  const groups = [...new Set(frame.rows.map((row) => row[groupIndex] ?? null))];
  return {
    columns: [group ?? "", ...counted.map((name) => `${name} (count)`)],
    rows: groups.map((value) => [
      value,
      ...counted.map(() => frame.rows.filter((row) => (row[groupIndex] ?? null) === value).length),
    ]),
  };
}

function columnIndex(frame: Frame, name: string): number {
  const index = frame.columns.indexOf(name);
  if (index === -1) throw new Error(`no column "${name}"; the query gives ${frame.columns.join(", ")}`);
  return index;
}
