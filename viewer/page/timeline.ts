import { FieldType, formattedValueToString } from "@grafana/data";

import type { PanelData } from "../frames/queryDashboard";
import type { ShownField, ShownPanel } from "../frames/shownFields";
import { escape, readableOn } from "./html";

/**
 * The lanes of a `state-timeline` panel, in the order of their first bars. Of two time fields the second is the end, as
 * in Grafana; this part of it is not in its libraries.
 */
export function timeline({ panel, range }: PanelData, { fields }: ShownPanel): string {
  const lanes = fields
    .map((field) => ({ name: field.name, bars: barsOf(field) }))
    .map(({ name, bars }) => ({
      name,
      bars: bars.filter(({ startMs, endMs }) => endMs >= range.fromMs && startMs <= range.toMs),
    }))
    .filter(({ bars }) => bars.length > 0)
    .sort((a, b) => Number(a.bars[0]?.startMs) - Number(b.bars[0]?.startMs));
  if (lanes.length === 0) return `<p class="empty">outside of the time range</p>`;
  const percent = (timeMs: number): number =>
    (100 * (Math.min(Math.max(timeMs, range.fromMs), range.toMs) - range.fromMs)) /
    (range.toMs - range.fromMs);
  const rows = lanes.map(({ name, bars }) => {
    const items = bars.map(({ startMs, endMs, text, colour }) => {
      const left = percent(startMs);
      const width = percent(endMs) - left;
      const title = `${text}, ${clock(startMs)} to ${clock(endMs)}`;
      return `<span style="left:${left}%;width:${width}%;background:${colour};color:${readableOn(colour)}" title="${escape(title)}">${width < narrowest ? "" : escape(text)}</span>`;
    });
    return `<tr><th scope="row">${escape(name)}</th><td><div>${items.join("")}</div></td></tr>`;
  });
  return `<div class="scroll" tabindex="0"><table class="lanes" aria-label="${escape(panel.title)}"><tbody>${rows.join("")}</tbody><tfoot><tr><th></th><td><div><i>${clock(range.fromMs)}</i><i>${clock((range.fromMs + range.toMs) / 2)}</i><i>${clock(range.toMs)}</i></div></td></tr></tfoot></table></div>`;
}

/** Percent of the width in which a word fits. */
const narrowest = 10;

interface Bar {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly colour: string;
}

function barsOf({ field, frame }: ShownField): Bar[] {
  const [starts, ends] = frame.fields
    .filter(({ type }) => type === FieldType.time)
    .map(({ values }) => values as number[]);
  return (field.values as unknown[]).map((value, row) => {
    const shown = field.display?.(value);
    return {
      startMs: starts?.[row] ?? NaN,
      endMs: ends?.[row] ?? starts?.[row + 1] ?? Infinity,
      text: shown === undefined ? String(value) : formattedValueToString(shown),
      colour: shown?.color ?? "",
    };
  });
}

const clock = (timeMs: number): string => new Date(timeMs).toISOString().slice(5, 16).replace("T", " ");
