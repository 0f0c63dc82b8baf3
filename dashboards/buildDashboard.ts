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
import { resolveDashboardOptions, type DashboardDefinition, type DashboardOptions } from "./definition";
import { influxdbDatasource } from "./influxqlTarget";
import type { Query } from "./influxql";
import type { AnyPanel } from "./panels";
import { inTimeZone } from "./timeZone";
import { dataSourceVariable, type AnyVariable } from "./variables";

/** Marks on the time axis of every panel. */
export interface Annotation {
  /** As its switch at the top is called. */
  readonly name: string;
  /** Grafana's name of a colour. */
  readonly colour: string;
  /** Its rows are the marks: a column of text, and one of tags. */
  readonly query: Query;
  /** Column of the mark's text. */
  readonly textColumn: string;
  /** Comma-separated columns shown as the mark's tags. */
  readonly tagsColumn?: string;
}

/** Panels under a heading. */
export interface Row {
  /** The heading. */
  readonly title: string;
  /** From left to right; a line holds 24 columns. */
  readonly panels: readonly AnyPanel[];
}

/** A row of panels. */
export const row = (title: string, panels: readonly AnyPanel[]): Row => ({ title, panels });

/** What a dashboard holds. */
export interface DashboardContent {
  /** Part of its URL: 1 to 40 lower-case letters, digits and `-`. */
  readonly uid: string;
  /** As people see it. */
  readonly title: string;
  /** The question that the dashboard answers. */
  readonly description: string;
  /** Start of the default time range, for example "now-24h"; undefined where no panel depends on a time range. */
  readonly from?: string;
  /** What one chooses at the top, from left to right. */
  readonly variables: readonly AnyVariable[];
  /** Marks on the time axis. @default none */
  readonly annotations?: readonly Annotation[];
  /** The first row is the verdict, then trend, then detail. */
  readonly rows: readonly Row[];
}

/**
 * Assembles a dashboard: identity, links, variables, annotations, and panels numbered in reading order. It joins the links
 * between the built-in dashboards.
 *
 * @throws Error naming the option that can't be used
 */
export function buildDashboard(
  content: DashboardContent,
  options: DashboardOptions = {},
): DashboardDefinition {
  const { dataSourceUid, folder, timeZone } = resolveDashboardOptions(options);
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
    .withVariable(dataSourceVariable(dataSourceUid));
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
    folder,
    json: inTimeZone(`${JSON.stringify(model, undefined, 2)}\n`, timeZone),
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
