import {
  FieldType,
  formattedValueToString,
  renderMarkdown,
  sortDataFrame,
  type DataFrame,
  type Field,
  type GrafanaTheme2,
} from "@grafana/data";

import type { PanelModel, VariableModel } from "../frames/dashboardModel";
import { expandVariables } from "../frames/macros";
import { themes, type ThemeName } from "../frames/panelFrames";
import { dashboardHeight, type DashboardData, type PanelData } from "../frames/queryDashboard";
import { shownPanel, type ShownField, type ShownPanel } from "../frames/shownFields";
import { chartOf, fieldText } from "./charts";
import { escape, readableOn } from "./html";
import { styleSheet } from "./style";
import { timeline } from "./timeline";

/** Said on every page and in the log. */
export const standInNotice = "Dashboard viewer, a stand-in for Grafana";

export interface PageOptions {
  /** As in the address: what the controls show as chosen. */
  readonly query: URLSearchParams;
  /** The other dashboards, for the links at the top. */
  readonly dashboards: readonly { readonly uid: string; readonly title: string }[];
  /** Milliseconds after which a browser loads the page again; 0 for never. */
  readonly refreshMs: number;
  readonly theme: ThemeName;
}

const ranges = ["15m", "1h", "6h", "24h", "7d", "30d", "90d"];
const maxRows = 200;

/** A whole page. @param body HTML */
export function htmlPage(title: string, body: string, theme: GrafanaTheme2, refreshMs = 0): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>${styleSheet(theme)}</style></head>
<body data-refresh="${refreshMs}">${body}
<script src="/static/client.js"></script></body></html>`;
}

/** A dashboard with its data. */
export function dashboardPage(data: DashboardData, options: PageOptions): string {
  const { dashboard } = data;
  const theme = themes[options.theme];
  const view = new DashboardView(data, theme);
  return htmlPage(
    dashboard.title,
    `<header><h1>${escape(dashboard.title)}</h1><p>${escape(dashboard.description)}</p><p class="mark">${standInNotice}</p></header>
${links(data, options)}
${controls(data, options)}
<main style="grid-template-rows:repeat(${dashboardHeight(dashboard)},30px)">${dashboard.panels.map((panel) => view.panel(panel)).join("\n")}</main>`,
    theme,
    options.refreshMs,
  );
}

/** The other dashboards, with the variables and the time range of this one, as Grafana's links carry them; the other theme. */
function links({ dashboard }: DashboardData, { query, dashboards, theme }: PageOptions): string {
  const items = dashboards.map(({ uid, title }) =>
    uid === dashboard.uid
      ? `<b>${escape(title)}</b>`
      : `<a href="/d/${encodeURIComponent(uid)}?${escape(query.toString())}">${escape(title)}</a>`,
  );
  const other = theme === "light" ? "dark" : "light";
  const inOther = new URLSearchParams([...query].filter(([key]) => key !== "theme"));
  inOther.set("theme", other);
  return `<nav>${items.join("")}<a class="theme" href="?${escape(inOther.toString())}">${other} theme</a></nav>`;
}

function controls(data: DashboardData, { query }: PageOptions): string {
  const { dashboard } = data;
  const variables = dashboard.templating.list.filter(({ type, hide }) => type !== "datasource" && hide !== 2);
  const from = query.get("from") ?? dashboard.time.from;
  const choices = ranges.map((range) => [`now-${range}`, `last ${range}`] as const);
  const known = choices.some(([value]) => value === from) && (query.get("to") ?? "now") === "now";
  const time = `<label>Time <select name="from">${known ? "" : `<option value="${escape(from)}" selected>${escape(rangeText(data))}</option>`}${choices
    .map(
      ([value, text]) =>
        `<option value="${value}"${known && value === from ? " selected" : ""}>${text}</option>`,
    )
    .join("")}</select></label>`;
  const isTimeless = dashboard.timepicker?.hidden === true;
  // A range of its own keeps its end when a variable is chosen; the page's script drops it with the range.
  const end = known ? "" : `<input type="hidden" name="to" value="${escape(query.get("to") ?? "now")}">`;
  return `<form method="get">${variables.map((variable) => control(variable, data)).join("")}
${isTimeless ? "" : time + end}
<button>Show</button></form>`;
}

function rangeText({ range }: DashboardData): string {
  return [range.fromMs, range.toMs]
    .map((ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " "))
    .join(" to ");
}

function control(variable: VariableModel, { variables, offered }: DashboardData): string {
  const { name, description = "", multi = false } = variable;
  const label = escape(variable.label ?? name);
  const chosen = variables[name];
  const isAll = chosen?.allValue !== undefined;
  const field = `var-${escape(name)}`;
  if (variable.type !== "query") {
    return `<label title="${escape(description)}">${label} <input name="${field}" value="${escape(chosen?.values[0] ?? "")}"></label>`;
  }
  const values = offered[name] ?? [];
  if (!multi) {
    const options = values.map(
      (value) => `<option${chosen?.values[0] === value ? " selected" : ""}>${escape(value)}</option>`,
    );
    return `<label title="${escape(description)}">${label} <select name="${field}">${options.join("")}</select></label>`;
  }
  const boxes = [["$__all", "All"] as const, ...values.map((value) => [value, value] as const)].map(
    ([value, text]) => {
      const isChecked = value === "$__all" ? isAll : !isAll && chosen?.values.includes(value) === true;
      return `<label><input type="checkbox" name="${field}" value="${escape(value)}"${isChecked ? " checked" : ""}> ${escape(text)}</label>`;
    },
  );
  return `<details title="${escape(description)}"><summary>${label} <b>${escape(isAll ? "All" : (chosen?.values.join(" + ") ?? ""))}</b></summary><div>${boxes.join("")}</div></details>`;
}

/** Renders the panels of one dashboard. */
class DashboardView {
  constructor(
    private readonly data: DashboardData,
    private readonly theme: GrafanaTheme2,
  ) {}

  panel(panel: PanelModel): string {
    const { x, y, w, h } = panel.gridPos;
    const place = `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`;
    const title = escape(this.expand(panel.title));
    if (panel.type === "row") return `<h2 style="${place}">${title}</h2>`;
    const found = this.data.panels.find((one) => one.panel.id === panel.id);
    return `<section style="${place}"><h3 title="${escape(panel.description ?? "")}">${title}</h3>${
      found === undefined ? "" : this.body(found)
    }</section>`;
  }

  private readonly expand = (text: string): string => {
    const { range, variables } = this.data;
    return expandVariables(
      text.replaceAll("${__url_time_range}", `from=${range.fromMs}&to=${range.toMs}`),
      variables,
    );
  };

  private body(data: PanelData): string {
    const { panel } = data;
    if (data.error !== undefined) return `<p class="empty error">${escape(data.error)}</p>`;
    if (panel.type === "text") {
      return `<div class="scroll" tabindex="0">${renderMarkdown(this.expand(String(panel.options?.["content"] ?? "")))}</div>`;
    }
    if ((panel.targets ?? []).length === 0)
      return `<p class="empty">Panel type ${escape(panel.type)}: open it in Grafana</p>`;
    const shown = shownPanel(data, this.expand, this.theme);
    if (panel.type !== "stat" && !shown.frames.some(({ length }) => length > 0)) {
      return `<p class="empty">${escape(panel.fieldConfig?.defaults.noValue ?? "no data")}</p>`;
    }
    switch (panel.type) {
      case "stat":
        return this.tiles(panel, shown);
      case "state-timeline":
        return figureLinks(shown) + timeline(data, shown);
      case "timeseries":
      case "barchart": {
        const chart = chartOf(
          data,
          shown,
          this.data.annotations.flatMap(({ annotation: { iconColor: colour = "blue" }, marks }) =>
            marks.map((mark) => ({ ...mark, colour })),
          ),
          this.theme,
        );
        return `${figureLinks(shown)}<div class="chart" role="img" aria-label="${escape(panel.title)}" data-chart="${escape(JSON.stringify(chart))}"></div>`;
      }
      default:
        return table(panel, shown);
    }
  }

  private tiles({ options }: PanelModel, { tiles }: ShownPanel): string {
    const isFilled = options?.["colorMode"] === "background";
    const items = tiles.map(({ display, getLinks }) => {
      const [link] = getLinks?.() ?? [];
      const colour = display.color ?? "";
      const style = isFilled ? `background:${colour};color:${readableOn(colour)}` : `color:${colour}`;
      const text = formattedValueToString(display);
      const name = tiles.length > 1 ? `<span>${escape(display.title ?? "")}</span>` : "";
      const figure = `${name}<b style="--length:${Math.max(text.length, 5)}">${escape(text)}</b>`;
      return link === undefined
        ? `<div class="tile" style="${style}">${figure}</div>`
        : `<a class="tile" style="${style}" href="${escape(link.href)}" title="${escape(link.title)}">${figure}</a>`;
    });
    return `<div class="tiles">${items.join("")}</div>`;
  }
}

/** Where the figures of a chart lead, for the mouse and for the keyboard: one link, or one for each series or bar. */
function figureLinks({ fields, axis }: ShownPanel): string {
  const names = new Map<string, string>();
  let title = "";
  for (const one of fields) {
    const rows = axis === undefined ? 1 : one.field.values.length;
    for (let row = 0; row < rows; row += 1) {
      const [link] = one.field.getLinks?.({ valueRowIndex: row }) ?? [];
      if (link === undefined || names.has(link.href)) continue;
      title = link.title;
      names.set(link.href, axis === undefined ? one.name : fieldText(axis, axis.field.values[row]));
    }
  }
  const [[href] = []] = names;
  if (href === undefined) return "";
  if (names.size === 1) return `<a class="links" href="${escape(href)}">${escape(title)}</a>`;
  const items = [...names].map(([url, name]) => `<a href="${escape(url)}">${escape(name)}</a>`);
  return `<details class="links"><summary>${escape(title)}</summary><div>${items.join("")}</div></details>`;
}

/** The first frame as rows and columns; a panel of a type that is not drawn here is shown like this too. */
function table(panel: PanelModel, { fields }: ShownPanel): string {
  const [first] = fields;
  if (first === undefined) return "";
  const [sort] = (panel.options as { sortBy?: { displayName: string; desc?: boolean }[] }).sortBy ?? [];
  const sortIndex = fields.findIndex(({ name }) => name === sort?.displayName);
  const frame: DataFrame = { ...first.frame, fields: fields.map(({ field }) => field) };
  const sorted = sortIndex === -1 ? frame : sortDataFrame(frame, sortIndex, sort?.desc);
  const head = fields.map(({ name, field }) => `<th class="${kindOf(field)}">${escape(name)}</th>`);
  const rows = Array.from({ length: Math.min(sorted.length, maxRows) }, (_, row) => {
    const source = sorted.fields.map(({ values }) => (values as unknown[])[row]);
    const index = rowIndex(frame, source);
    return `<tr>${fields.map((field, column) => cell(field, source[column], index)).join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** A column without any value is no column of numbers, though Grafana takes it for one. */
const kindOf = ({ type, values }: Field): string =>
  (values as unknown[]).some((value) => (value ?? null) !== null) ? type : FieldType.string;

/** Links read their row by its place before it was sorted. */
function rowIndex({ fields, length }: DataFrame, row: readonly unknown[]): number {
  return Array.from({ length }, (_, index) => index).findIndex((index) =>
    fields.every(({ values }, column) => (values as unknown[])[index] === row[column]),
  );
}

function cell({ field }: ShownField, value: unknown, row: number): string {
  const shown = field.display?.(value);
  const text = shown === undefined ? "" : escape(formattedValueToString(shown));
  const custom = (field.config.custom ?? {}) as { cellOptions?: { type?: string }; wrapText?: boolean };
  const isColoured =
    custom.cellOptions?.type === "color-background" && shown?.color !== undefined && (value ?? null) !== null;
  const colour = isColoured ? (shown.color ?? "") : "";
  const style = isColoured ? ` style="background:${colour};color:${readableOn(colour)}"` : "";
  const [link] = field.getLinks?.({ valueRowIndex: row }) ?? [];
  const content =
    link === undefined || (value ?? "") === ""
      ? text
      : `<a href="${escape(link.href)}" title="${escape(link.title)}">${text}</a>`;
  return `<td${style} class="${kindOf(field)}${custom.wrapText === true ? " wrap" : ""}">${content}</td>`;
}
