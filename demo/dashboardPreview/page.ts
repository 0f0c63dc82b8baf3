import type { PanelModel } from "./dashboardModel";
import { colourOf, named, settingsOf, textOf } from "./fieldStyle";
import type { Cell, Frame } from "./frames";
import { dashboardWidth, type DashboardData, type PanelData } from "./queryDashboard";
import { expandVariables } from "./macros";

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
  readonly option: Record<string, unknown>;
}

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
  const { panel, frames } = panelData;
  if (panel.type === "text")
    return markdownTable(expandLinks(String(panel.options?.["content"] ?? ""), data));
  if (panel.type === "alertGroups") {
    return `<p class="empty">Grafana asks the data source “${escape(String(panel.options?.["alertmanager"]))}” for its alerts here.</p>`;
  }
  if (!frames.some(({ rows }) => rows.length > 0)) {
    return `<p class="empty">${escape(panel.fieldConfig?.defaults.noValue ?? "no data")}</p>`;
  }
  switch (panel.type) {
    case "stat":
      return statTiles(panel, frames);
    case "table":
      return htmlTable(panel, frames[0]);
    case "timeseries":
      return chart(panel, charts, timeSeriesOption(panelData));
    case "barchart":
      return chart(panel, charts, barChartOption(panel, frames[0]));
    default:
      throw new Error(`the preview does not draw panels of the type "${panel.type}": add it to page.ts`);
  }
}

function chart(panel: PanelModel, charts: Chart[], option: Record<string, unknown>): string {
  const id = `chart-${panel.id}`;
  charts.push({ id, option });
  const height = panel.gridPos.h * (cellHeight + gap) - gap - titleHeight;
  return `<div id="${id}" style="height:${height}px"></div>`;
}

function reduce(values: readonly Cell[], calculation: string): Cell {
  const present = values.filter((value) => value !== null);
  if (calculation === "sum") {
    return present.reduce<number>((total, value) => total + Number(value), 0);
  }
  if (calculation === "max") return present.length === 0 ? null : Math.max(...present.map(Number));
  return present.at(-1) ?? null;
}

function statTiles(panel: PanelModel, frames: readonly Frame[]): string {
  const options = panel.options as {
    colorMode: string;
    reduceOptions: { calcs: readonly string[]; fields?: string };
  };
  const { calcs, fields = "" } = options.reduceOptions;
  const wanted = fields === "" ? undefined : new RegExp(fields.slice(1, -1));
  const tiles = frames.flatMap((frame) =>
    frame.columns.flatMap((column, index) => {
      const shown = wanted === undefined ? index > 0 : wanted.test(column);
      if (!shown) return [];
      const value = reduce(
        frame.rows.map((row) => row[index] ?? null),
        calcs[0] ?? "lastNotNull",
      );
      return [{ name: frame.name ?? column, value }];
    }),
  );
  return `<div class="tiles">${tiles
    .map(({ name, value }) => {
      const settings = settingsOf(panel, name);
      const colour = colourOf(value, settings);
      const style =
        options.colorMode === "background" ? `background:${colour};color:#111` : `color:${colour}`;
      const text = textOf(value, settings);
      const size = Math.max(
        15,
        Math.min(36, (panel.gridPos.w * 75) / tiles.length / Math.max(text.length, 4) + 6),
      );
      return `<div class="tile" style="${style}">${tiles.length > 1 ? `<span>${escape(name)}</span>` : ""}<b style="font-size:${size}px">${escape(text)}</b></div>`;
    })
    .join("")}</div>`;
}

function htmlTable(panel: PanelModel, frame: Frame | undefined): string {
  if (frame === undefined) return "";
  const sort = (panel.options as { sortBy?: { displayName: string; desc?: boolean }[] }).sortBy?.[0];
  const sortIndex = sort === undefined ? -1 : frame.columns.indexOf(sort.displayName);
  const rows =
    sortIndex === -1 ? [...frame.rows] : [...frame.rows].sort((a, b) => compare(a[sortIndex], b[sortIndex]));
  if (sort?.desc === true) rows.reverse();
  const isNumeric = (index: number): boolean => rows.some((row) => typeof row[index] === "number");
  const head = frame.columns
    .map((column, index) => `<th class="${isNumeric(index) ? "number" : ""}">${escape(column)}</th>`)
    .join("");
  const cells = (row: readonly Cell[]): string =>
    frame.columns
      .map((column, index) => {
        const value = row[index] ?? null;
        const settings = settingsOf(panel, column);
        const text = column === "Time" ? timeText(value) : value === null ? "" : textOf(value, settings);
        const style =
          settings.coloured && value !== null
            ? ` style="background:${colourOf(value, settings)};color:#111"`
            : "";
        const link = settings.links === undefined ? escape(text) : `<u>${escape(text)}</u>`;
        return `<td${style} class="${typeof value === "number" ? "number" : ""}">${link}</td>`;
      })
      .join("");
  return `<div class="scroll"><table><tr>${head}</tr>${rows
    .slice(0, maxRows)
    .map((row) => `<tr>${cells(row)}</tr>`)
    .join("")}</table></div>`;
}

function compare(a: Cell | undefined, b: Cell | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true });
}

function timeText(value: Cell): string {
  return typeof value === "number" ? new Date(value).toISOString().slice(0, 19).replace("T", " ") : "";
}

const palette = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffa6b0"];

function commonOption(names: readonly string[]): Record<string, unknown> {
  return {
    color: palette,
    legend: {
      bottom: 0,
      type: "scroll",
      data: names,
      textStyle: { color: "#ccccdc" },
      itemHeight: 4,
      itemWidth: 14,
    },
    grid: { left: 12, right: 18, top: 10, bottom: 28, containLabel: true },
  };
}

/** A factor and a label by which an axis shows a unit. */
function axisScale(unit: string): { factor: number; label: string } {
  switch (unit) {
    case "percentunit":
      return { factor: 100, label: "{value} %" };
    case "bytes":
      return { factor: 1 / 1024 ** 2, label: "{value} MiB" };
    case "s":
      return { factor: 1, label: "{value} s" };
    default:
      return { factor: 1, label: "{value}" };
  }
}

/** A value as the axis of its panel shows it. */
function scaled(panel: PanelModel, value: Cell): number | null {
  return typeof value === "number"
    ? value * axisScale(panel.fieldConfig?.defaults.unit ?? "short").factor
    : null;
}

function valueAxis(panel: PanelModel): Record<string, unknown> {
  const { min, max, unit = "short" } = panel.fieldConfig?.defaults ?? {};
  const { factor, label } = axisScale(unit);
  return {
    type: "value",
    min: min === undefined ? undefined : min * factor,
    max: max === undefined ? undefined : max * factor,
    splitNumber: 4,
    // With both ends given, even steps: else the last two labels of 0 to 1 are 0.9 and 1.
    interval: min === undefined || max === undefined ? undefined : ((max - min) * factor) / 4,
    axisLabel: { color: "#8e8e9c", formatter: label },
    splitLine: { lineStyle: { color: "#2c2f38" } },
  };
}

/** Bridges gaps as the panel says, and marks points without a neighbour, which a line would not show. */
function linePoints(frame: Frame, panel: PanelModel): { value: [Cell, number | null]; symbolSize: number }[] {
  const bridged = panel.fieldConfig?.defaults.custom?.["spanNulls"];
  const present = frame.rows.filter((row) => row[1] !== null);
  const longestGap = typeof bridged === "number" ? bridged : 0;
  const bridges = (row: readonly Cell[]): boolean => {
    const time = Number(row[0]);
    const before = present.filter((one) => Number(one[0]) < time).at(-1);
    const after = present.find((one) => Number(one[0]) > time);
    return before !== undefined && after !== undefined && Number(after[0]) - Number(before[0]) <= longestGap;
  };
  const rows = frame.rows.filter((row) => row[1] !== null || !bridges(row));
  return rows.map((row, index) => {
    const alone = (rows[index - 1]?.[1] ?? null) === null && (rows[index + 1]?.[1] ?? null) === null;
    return { value: [row[0] ?? null, scaled(panel, row[1] ?? null)], symbolSize: alone ? 4 : 0 };
  });
}

function thresholdsShown(panel: PanelModel): readonly { value: number | null; color: string }[] {
  const style = panel.fieldConfig?.defaults.custom?.["thresholdsStyle"] as { mode?: string } | undefined;
  if (style?.mode === undefined || style.mode === "off") return [];
  return (panel.fieldConfig?.defaults.thresholds?.steps ?? []).filter(({ value }) => value !== null);
}

function timeSeriesOption({ panel, frames, range }: PanelData): Record<string, unknown> {
  const custom = panel.fieldConfig?.defaults.custom as {
    drawStyle?: string;
    stacking?: { mode?: string };
    fillOpacity?: number;
  };
  const isBars = custom.drawStyle === "bars";
  return {
    ...commonOption(frames.map(({ name }) => name ?? "")),
    xAxis: {
      type: "time",
      min: range.fromMs,
      max: range.toMs,
      axisLabel: { color: "#8e8e9c", hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: valueAxis(panel),
    series: frames.map((frame, index) => ({
      name: frame.name,
      type: isBars ? "bar" : "line",
      stack: custom.stacking?.mode === "normal" ? "all" : undefined,
      data: linePoints(frame, panel),
      itemStyle: seriesColour(panel, frame.name ?? ""),
      barMaxWidth: 24,
      lineStyle: { width: 2 },
      areaStyle: isBars ? undefined : { opacity: (custom.fillOpacity ?? 0) / 100 },
      markLine: index > 0 ? undefined : thresholdLines(panel),
    })),
  };
}

function seriesColour(panel: PanelModel, name: string): Record<string, string> {
  const { color } = settingsOf(panel, name);
  return color?.mode === "fixed" ? { color: named(color.fixedColor) } : {};
}

function thresholdLines(panel: PanelModel): Record<string, unknown> | undefined {
  const limits = thresholdsShown(panel);
  if (limits.length === 0) return undefined;
  return {
    symbol: "none",
    silent: true,
    label: { show: false },
    data: limits.map(({ value, color }) => ({
      yAxis: scaled(panel, value),
      lineStyle: { color: named(color), type: "dashed" },
    })),
  };
}

function barChartOption(panel: PanelModel, frame: Frame | undefined): Record<string, unknown> {
  const xField = String(panel.options?.["xField"]);
  const xIndex = frame?.columns.indexOf(xField) ?? -1;
  if (frame === undefined || xIndex === -1) {
    throw new Error(
      `"${panel.title}": no column "${xField}" for the x-axis; it has ${frame?.columns.join(", ") ?? "none"}`,
    );
  }
  const names = frame.columns.filter((_, index) => index !== xIndex);
  const inShares = panel.options?.["stacking"] === "percent";
  const totals = frame.rows.map((row) =>
    row.reduce<number>((total, cell, index) => total + (index === xIndex ? 0 : Number(cell ?? 0)), 0),
  );
  return {
    ...commonOption(names),
    xAxis: {
      type: "category",
      data: frame.rows.map((row) => String(row[xIndex])),
      axisLabel: { color: "#ccccdc" },
    },
    yAxis: inShares
      ? { ...valueAxis(panel), max: 100, interval: 25, axisLabel: { formatter: "{value} %" } }
      : valueAxis(panel),
    series: names.map((name) => ({
      name,
      type: "bar",
      stack: inShares ? "all" : undefined,
      barMaxWidth: 46,
      label: {
        show: frame.rows.length * names.length <= 16,
        position: inShares ? "inside" : "top",
        color: inShares ? "#111" : "#ccccdc",
        fontSize: 11,
      },
      data: frame.rows.map((row, index) => {
        const value = row[frame.columns.indexOf(name)] ?? null;
        const share = (100 * Number(value ?? 0)) / (totals[index] ?? NaN);
        return {
          value: inShares ? share : scaled(panel, value),
          label: { formatter: textOf(value, settingsOf(panel, name)) },
        };
      }),
    })),
  };
}

function expandLinks(content: string, { variables }: DashboardData): string {
  return expandVariables(content.replaceAll("${__url_time_range}", "from=…&to=…"), variables);
}

/** The Markdown of our text panels: one table with links. */
function markdownTable(content: string): string {
  const rows = content
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^[|: -]+$/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const cell = (text: string): string => escape(text).replace(/\[([^\]]+)\]\([^)]*\)/g, "<u>$1</u>");
  return `<div class="scroll"><table>${rows
    .map(
      (cells, index) =>
        `<tr>${cells.map((text) => (index === 0 ? `<th>${cell(text)}</th>` : `<td>${cell(text)}</td>`)).join("")}</tr>`,
    )
    .join("")}</table></div>`;
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
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
th.number,.number{text-align:right}.empty{color:#8e8e9c;text-align:center;padding-top:20px}
`;
