import {
  formattedValueToString,
  getFieldDisplayName,
  getFieldDisplayValues,
  renderMarkdown,
  sortDataFrame,
  textUtil,
  type DataFrame,
  type Field,
  type ReduceDataOptions,
} from "@grafana/data";

import { barChartOption, timeSeriesOption, type ChartOption } from "./charts";
import type { PanelModel } from "./dashboardModel";
import { theme, withFieldSettings } from "./frames";
import { expandVariables } from "./macros";
import { dashboardWidth, type DashboardData, type PanelData } from "./queryDashboard";

/**
 * A page that shows a dashboard's layout and data, so that a reviewer sees a change. A preview: not Grafana, whose
 * look, interaction and finer rules it does not claim.
 */

const cellHeight = 38;
const gap = 8;
const maxRows = 200;

/** Space for a panel's own title, in pixels. */
const titleHeight = 30;

/** A chart: the id of its element, and what the chart library draws there. */
interface Chart {
  readonly id: string;
  readonly option: ChartOption;
}

const escape = (text: string): string => textUtil.escapeHtml(text);

/**
 * The page as HTML.
 *
 * @param chartLibrary source text of ECharts, put into the page: nothing is loaded from elsewhere
 */
export function renderPage(data: DashboardData, chartLibrary: string): string {
  const charts: Chart[] = [];
  const panels = data.dashboard.panels.map((panel) => {
    const panelData = data.panels.find((one) => one.panel.id === panel.id);
    return `<section class="${panel.type === "row" ? "row" : "panel"}" style="${position(panel)}">
${panelData === undefined ? `<h2>${escape(expandVariables(panel.title, data.variables))}</h2>` : panelBody(panelData, data, charts)}
</section>`;
  });
  const height =
    Math.max(...data.dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * (cellHeight + gap);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Preview: ${escape(data.dashboard.title)}</title>
<style>${styleSheet}</style></head><body>
<header><h1>${escape(data.dashboard.title)}</h1><p>${escape(data.dashboard.description)}</p>
<p class="mark">Preview of layout and data, not Grafana</p></header>
<nav>${variablesBar(data)}</nav>
<main style="height:${height}px">${panels.join("\n")}</main>
<script>${chartLibrary.replace(/<\/script/g, "<\\/script")}</script>
<script>for (const { id, option } of ${JSON.stringify(charts).replace(/</g, "\\u003c")}) {
  echarts.init(document.getElementById(id), "dark", { renderer: "svg" }).setOption({ animation: false, backgroundColor: "transparent", ...option });
}
document.body.dataset.ready = "yes";</script>
</body></html>`;
}

function variablesBar({ variables, dashboard, range }: DashboardData): string {
  const shown = dashboard.templating.list.map(({ name, label }) => {
    const value = variables[name];
    const text = value?.allValue === undefined ? (value?.values.join(" + ") ?? "") : "All";
    return `<span><b>${escape(label ?? name)}</b> ${escape(text)}</span>`;
  });
  const time = [range.fromMs, range.toMs].map((ms) =>
    new Date(ms).toISOString().slice(0, 16).replace("T", " "),
  );
  return [...shown, `<span><b>Time (UTC)</b> ${time.join(" to ")}</span>`].join("");
}

function position({ gridPos: { x, y, w, h } }: PanelModel): string {
  const column = dashboardWidth / 24;
  return `left:${x * column}px;top:${y * (cellHeight + gap)}px;width:${w * column - gap}px;height:${h * (cellHeight + gap) - gap}px`;
}

function panelBody(panelData: PanelData, data: DashboardData, charts: Chart[]): string {
  const { panel } = panelData;
  const title = `<h3 title="${escape(panel.description ?? "")}">${escape(panel.title)}${
    panel.timeFrom === undefined ? "" : ` <small>last ${escape(panel.timeFrom)}</small>`
  }</h3>`;
  return title + body(panelData, data, charts);
}

function body(panelData: PanelData, data: DashboardData, charts: Chart[]): string {
  const { panel } = panelData;
  if (panel.type === "text") {
    const content = String(panel.options?.["content"] ?? "").replaceAll("${__url_time_range}", "from=…&to=…");
    return `<div class="scroll">${renderMarkdown(expandVariables(content, data.variables))}</div>`;
  }
  if (panel.type === "alertGroups") {
    return `<p class="empty">Grafana asks the data source “${escape(String(panel.options?.["alertmanager"]))}” for its alerts here.</p>`;
  }
  const frames = withFieldSettings(panel, panelData.frames);
  if (!frames.some(({ length }) => length > 0)) {
    return `<p class="empty">${escape(panel.fieldConfig?.defaults.noValue ?? "no data")}</p>`;
  }
  switch (panel.type) {
    case "stat":
      return statTiles(panel, frames);
    case "table":
      return htmlTable(panel, frames);
    case "timeseries":
      return chart(panel, charts, timeSeriesOption(panelData, frames));
    case "barchart":
      return chart(panel, charts, barChartOption(panel, frames));
    default:
      throw new Error(`the preview does not draw panels of the type "${panel.type}": add it to page.ts`);
  }
}

function chart(panel: PanelModel, charts: Chart[], option: ChartOption): string {
  const id = `chart-${panel.id}`;
  charts.push({ id, option });
  const height = panel.gridPos.h * (cellHeight + gap) - gap - titleHeight;
  return `<div id="${id}" style="height:${height}px"></div>`;
}

function statTiles(panel: PanelModel, frames: DataFrame[]): string {
  const options = panel.options as { colorMode: string; reduceOptions: ReduceDataOptions };
  const tiles = getFieldDisplayValues({
    data: frames,
    reduceOptions: options.reduceOptions,
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    replaceVariables: (text) => text,
    theme,
    timeZone: "utc",
  });
  return `<div class="tiles">${tiles
    .map(({ display }) => {
      const colour = display.color ?? "";
      const style =
        options.colorMode === "background" ? `background:${colour};color:#111` : `color:${colour}`;
      const text = formattedValueToString(display);
      const size = (panel.gridPos.w * 75) / tiles.length / Math.max(text.length, 4) + 6;
      const title = tiles.length > 1 ? `<span>${escape(display.title ?? "")}</span>` : "";
      return `<div class="tile" style="${style}">${title}<b style="font-size:${Math.max(15, Math.min(36, size))}px">${escape(text)}</b></div>`;
    })
    .join("")}</div>`;
}

function htmlTable(panel: PanelModel, [first]: readonly DataFrame[]): string {
  if (first === undefined) return "";
  const names = first.fields.map((field) => getFieldDisplayName(field, first));
  const [sort] = (panel.options as { sortBy?: { displayName: string; desc?: boolean }[] }).sortBy ?? [];
  const sortIndex = names.indexOf(sort?.displayName ?? "");
  const { fields, length } = sortIndex === -1 ? first : sortDataFrame(first, sortIndex, sort?.desc);
  const head = fields.map(({ type }, index) => `<th class="${type}">${escape(names[index] ?? "")}</th>`);
  const rows = Array.from({ length: Math.min(length, maxRows) }, (_, row) =>
    fields.map((field) => tableCell(field, field.values[row])).join(""),
  );
  return `<div class="scroll"><table><tr>${head.join("")}</tr>${rows.map((cells) => `<tr>${cells}</tr>`).join("")}</table></div>`;
}

function tableCell({ config, display, type }: Field, value: unknown): string {
  const shown = (value ?? null) === null ? undefined : display?.(value);
  const text = shown === undefined ? "" : escape(formattedValueToString(shown));
  const isColoured = config.custom?.cellOptions !== undefined && shown?.color !== undefined;
  const style = isColoured ? ` style="background:${shown.color};color:#111"` : "";
  return `<td${style} class="${type}">${config.links === undefined ? text : `<u>${text}</u>`}</td>`;
}

const styleSheet = `
*{box-sizing:border-box}
body{margin:0;padding:16px;width:${dashboardWidth + 32}px;background:#111217;color:#ccccdc;font:14px/1.4 "DejaVu Sans",Arial,sans-serif}
header{display:flex;gap:16px;align-items:baseline}h1{font-size:20px;margin:0}header p{margin:0;color:#8e8e9c}
header .mark{margin-left:auto;color:#111;background:#f2cc0c;padding:2px 8px;font-weight:bold}
nav{margin:10px 0;display:flex;gap:10px;flex-wrap:wrap}nav span{background:#22252b;padding:4px 8px;border-radius:2px}nav b{color:#8e8e9c;font-weight:normal}
main{position:relative}section{position:absolute;overflow:hidden}
.panel{background:#181b1f;border:1px solid #2c2f38;border-radius:3px;padding:4px 8px}
.row h2{font-size:15px;margin:10px 0 0;font-weight:bold}
h3{font-size:13px;margin:0;height:${titleHeight - 6}px;font-weight:bold;white-space:nowrap}small{color:#8e8e9c;font-weight:normal}
.tiles{display:flex;height:calc(100% - ${titleHeight}px);gap:6px}.tile{flex:1;display:flex;flex-direction:column;align-items:center;justify-content:center;border-radius:3px;text-align:center;overflow:hidden}
.tile span{color:#8e8e9c}.scroll{overflow:hidden;height:calc(100% - ${titleHeight}px)}
table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;color:#8e8e9c;font-weight:bold}th,td{padding:3px 8px;border-bottom:1px solid #2c2f38;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:320px}
th.number,.number{text-align:right}a{color:inherit}.empty{color:#8e8e9c;text-align:center;padding-top:20px}
`;
