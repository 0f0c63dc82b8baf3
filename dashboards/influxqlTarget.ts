import type * as cog from "@grafana/grafana-foundation-sdk/cog";

import type { Query } from "./influxql";

/** Grafana's InfluxDB data source, InfluxQL side: one query of a panel. */
export interface InfluxQlTarget extends cog.Dataquery {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly rawQuery: true;
  readonly query: string;
  readonly resultFormat: "time_series" | "table";
  /** Name of each series; `$tag_x` and `$col` are filled in by Grafana. */
  readonly alias?: string;
}

/** The dashboards never name a data source: each has a variable to choose one. */
export const influxdbDatasource = { type: "influxdb", uid: "${datasource}" } as const;

/** Grafana's id of a panel's query by its place: A, B, … */
export const refIdOf = (index: number): string => String.fromCharCode("A".charCodeAt(0) + index);

/** One query and how its result is read. */
export interface TargetOptions {
  /** What is asked. */
  readonly query: Query;
  /** @default "time_series" */
  readonly format?: "time_series" | "table";
  /** Name of each series; Grafana fills `$tag_x` and `$col` in. @default measurement, column and tags */
  readonly alias?: string;
}

/** Places a {@link Query} into a panel. */
export class InfluxQlTargetBuilder implements cog.Builder<cog.Dataquery> {
  constructor(
    private readonly refId: string,
    private readonly options: TargetOptions,
  ) {}

  build(): InfluxQlTarget {
    const { query, format = "time_series", alias } = this.options;
    return {
      refId: this.refId,
      datasource: influxdbDatasource,
      rawQuery: true,
      query: query.render(),
      resultFormat: format,
      ...(alias === undefined ? {} : { alias }),
      // The SDK distinguishes query types by this method; JSON leaves it out.
      _implementsDataqueryVariant(): void {},
    };
  }
}
