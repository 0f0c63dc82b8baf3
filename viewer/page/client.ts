/// <reference lib="dom" />
/** What the pages do in a browser: charts with Grafana's units, zooming, and loading again. */
import { formattedValueToString, getValueFormat } from "@grafana/data";
import { BarChart, LineChart } from "echarts/charts";
import {
  BrushComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { connect, init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

import type { Chart } from "./charts";

use([
  BarChart,
  LineChart,
  BrushComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  LabelLayout,
  SVGRenderer,
]);

function draw(element: HTMLElement): void {
  const { option, unit, decimals, isOverTime } = JSON.parse(element.dataset["chart"] ?? "{}") as Chart;
  const format = getValueFormat(unit);
  const write = (value: unknown): string =>
    typeof value === "number" ? formattedValueToString(format(value, decimals)) : "–";
  const yAxis = option["yAxis"] as { axisLabel: object };
  const tooltip = option["tooltip"] as object;
  const chart = init(element, undefined, { renderer: "svg" });
  chart.setOption({
    ...option,
    yAxis: { ...yAxis, axisLabel: { ...yAxis.axisLabel, formatter: write } },
    tooltip: {
      ...tooltip,
      valueFormatter: (value: unknown) => write(Array.isArray(value) ? value[1] : value),
    },
    ...(isOverTime && { brush: { xAxisIndex: 0, toolbox: [] } }),
  });
  window.addEventListener("resize", () => {
    chart.resize();
  });
  chart.on("click", ({ data }) => {
    const { url } = (data ?? {}) as { url?: string };
    if (url !== undefined) window.location.assign(url);
  });
  if (!isOverTime) return;
  chart.group = "time";
  chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: { brushType: "lineX" } });
  chart.on("brushEnd", (event) => {
    const [from, to] =
      (event as { areas?: { coordRange?: [number, number] }[] }).areas?.[0]?.coordRange ?? [];
    if (from === undefined || to === undefined) return;
    const url = new URL(window.location.href);
    url.searchParams.set("from", String(Math.round(from)));
    url.searchParams.set("to", String(Math.round(to)));
    window.location.assign(url);
  });
}

document.querySelectorAll<HTMLElement>("[data-chart]").forEach(draw);
connect("time");
document.body.dataset["ready"] = "yes";

document.querySelector("form")?.addEventListener("change", ({ target }) => {
  const changed = target as HTMLInputElement | HTMLSelectElement;
  if (changed.name === "from") document.querySelector("input[name=to]")?.remove();
  // Variables narrow each other from left to right: what was chosen further on may not be there any more.
  const isAfter = (one: Node): boolean =>
    (changed.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  document.querySelectorAll<HTMLSelectElement>("select[name^=var-]").forEach((one) => {
    if (changed.name.startsWith("var-") && isAfter(one)) one.disabled = true;
  });
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") document.querySelector("details[open]")?.removeAttribute("open");
});

const refreshMs = Number(document.body.dataset["refresh"] ?? 0);
if (refreshMs > 0) {
  setInterval(() => {
    // Nobody who chooses values is interrupted.
    const isChoosing = document.querySelector("details[open], form :focus") !== null;
    if (document.visibilityState === "visible" && !isChoosing) window.location.reload();
  }, refreshMs);
}
