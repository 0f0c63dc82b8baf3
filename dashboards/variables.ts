import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";

import { influxdbDatasource } from "./influxqlTarget";
import { distinctTagValues, matchesVariable, showTagValues, type Condition, type Source } from "./influxql";

/** Anything that builds a variable. */
export type AnyVariable = cog.Builder<VariableModel>;

/** Which InfluxDB the dashboard reads. */
export function dataSourceVariable(uid: string): AnyVariable {
  return new DatasourceVariableBuilder("datasource")
    .label("Data source")
    .description("The InfluxDB data source that every panel reads")
    .type("influxdb")
    .current({ text: uid, value: uid });
}

/** A variable over the values of a tag. */
export interface TagVariable {
  /** What queries and links call it. */
  readonly name: string;
  /** @default the name */
  readonly label?: string;
  /** What it chooses. */
  readonly description: string;
  /**
   * The tag; each variable before this one narrows it by its own tag.
   * @default the name
   */
  readonly tag?: string;
  /** Several values and "All", or exactly one. @default "several" */
  readonly choose?: "several" | "one";
  /** Newest version first, so that the first value is the newest. @default false */
  readonly newestFirst?: boolean;
}

/** Where variables get their values: the index of the raw events, or the points of a small measurement. */
export type VariableSource = IndexedTags | TagsOfPoints;

/** Tags of the raw events of the last days. */
export interface IndexedTags {
  /** Whose tags. */
  readonly measurement: string;
}

/** Tags of what is kept for long. */
export interface TagsOfPoints {
  /** Whose tags. */
  readonly source: Source;
  /** A field that each point has. */
  readonly field: string;
}

/**
 * Variables of which each is narrowed by all before it: environment, then service, then model, then version.
 *
 * @param narrowedBy further conditions on all of them
 */
export function chained(
  from: VariableSource,
  variables: readonly TagVariable[],
  narrowedBy: readonly Condition[] = [],
): AnyVariable[] {
  return variables.map((variable, index) => {
    const { name, tag = name, label = name.charAt(0).toUpperCase() + name.slice(1) } = variable;
    const where = [
      ...narrowedBy,
      ...variables.slice(0, index).map((before) => matchesVariable(before.tag ?? before.name, before.name)),
    ];
    const query =
      "measurement" in from
        ? showTagValues({ measurement: from.measurement, tag, where })
        : distinctTagValues({ source: from.source, field: from.field, tag, where }).render();
    const builder = queryVariable({ ...variable, label, query }).sort(
      variable.newestFirst === true ? VariableSort.NaturalDesc : VariableSort.NaturalAsc,
    );
    return (variable.choose ?? "several") === "one"
      ? builder.multi(false).includeAll(false)
      : builder
          .multi(true)
          .includeAll(true)
          .allValue(".*")
          .current({ text: ["All"], value: ["$__all"] });
  });
}

interface QueryVariable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly query: string;
}

function queryVariable({ name, label, description, query }: QueryVariable): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(influxdbDatasource)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}

/** A variable of one value, read from a text field; it follows the variables in its query. */
export function fieldVariable({
  isHidden = false,
  ...options
}: QueryVariable & {
  /** It is there for links, and not shown. */
  readonly isHidden?: boolean;
}): AnyVariable {
  return queryVariable(options)
    .sort(VariableSort.Disabled)
    .multi(false)
    .includeAll(false)
    .hide(isHidden ? VariableHide.HideVariable : VariableHide.DontHide);
}

/** A variable that is typed in; empty at first. */
export function textVariable(options: { name: string; label: string; description: string }): AnyVariable {
  return new TextBoxVariableBuilder(options.name)
    .label(options.label)
    .description(options.description)
    .defaultValue("");
}
