import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  TimePickerBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";

import { dashboardTag } from "./catalogue";
import type { DashboardDefinition, ResolvedDashboardOptions } from "./definition";
import { influxdbDatasource } from "./influxqlTarget";
import type { Query } from "./influxql";
import type { AnyPanel } from "./panels";
import { dataSourceVariable, type AnyVariable } from "./variables";

/** Marks on the time axis of every panel. */
export interface Annotation {
  readonly name: string;
  readonly colour: string;
  readonly query: Query;
  /** Column of the mark's text. */
  readonly textColumn: string;
  /** Comma-separated columns shown as the mark's tags. */
  readonly tagsColumn?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly AnyPanel[];
}

/** A row of panels. */
export const row = (title: string, panels: readonly AnyPanel[]): Row => ({ title, panels });

export interface DashboardContent {
  readonly uid: string;
  readonly title: string;
  /** The question that the dashboard answers. */
  readonly description: string;
  /** Start of the default time range, for example "now-24h"; undefined where no panel depends on a time range. */
  readonly from?: string;
  readonly variables: readonly AnyVariable[];
  readonly annotations?: readonly Annotation[];
  /** The first row is the verdict, then trend, then detail. */
  readonly rows: readonly Row[];
}

/** Assembles a dashboard: identity, links, variables, annotations, and panels numbered in reading order. */
export function buildDashboard(
  content: DashboardContent,
  options: ResolvedDashboardOptions,
): DashboardDefinition {
  const builder = new DashboardBuilder(content.title)
    .uid(content.uid)
    .description(content.description)
    .tags([dashboardTag])
    .timezone("browser")
    .weekStart("monday")
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: content.from ?? "now-24h", to: "now" })
    .timepicker(new TimePickerBuilder().hidden(content.from === undefined))
    .refresh("1m")
    .link(
      new DashboardLinkBuilder("Dashboards")
        .type(DashboardLinkType.Dashboards)
        .tags([dashboardTag])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(dataSourceVariable(options.dataSourceUid));
  for (const variable of content.variables) builder.withVariable(variable);
  for (const annotation of content.annotations ?? []) builder.annotation(annotationQuery(annotation));
  for (const row of content.rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const model = builder.build();
  // Where the SDK puts it, Grafana 13 hides links and annotations in a menu.
  for (const item of [...(model.links ?? []), ...(model.annotations?.list ?? [])]) delete item.placement;
  model.panels?.forEach((panel, index) => {
    panel.id = index + 1;
    // Grafana 13 keeps the footer of a table in the settings of its fields.
    if ("options" in panel && panel.type === "table") delete (panel.options as { footer?: unknown }).footer;
  });
  return {
    uid: content.uid,
    title: content.title,
    folder: options.folder,
    json: `${JSON.stringify(model, undefined, 2)}\n`,
  };
}

function annotationQuery(annotation: Annotation): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(annotation.name)
    .datasource(influxdbDatasource)
    .enable(true)
    .iconColor(annotation.colour)
    .target({
      build: () => ({
        refId: "Anno",
        query: annotation.query.render(),
        rawQuery: true,
        fromAnnotations: true,
        textEditor: true,
        textColumn: annotation.textColumn,
        tagsColumn: annotation.tagsColumn ?? "",
        titleColumn: "",
        timeEndColumn: "",
        _implementsDataqueryVariant(): void {},
      }),
    });
}
