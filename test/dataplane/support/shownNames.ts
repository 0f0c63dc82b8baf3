import type { DashboardData } from "../../../viewer/frames/queryDashboard";
import { shownPanel } from "../../../viewer/frames/shownFields";

/** A Markdown table of what the panels of a dashboard show, by the names that people read. */
export function shownNames({ dashboard, panels }: DashboardData): string {
  const rows = panels
    .filter(({ queries }) => queries.length > 0)
    .map((data) => {
      const { axis, fields, tiles } = shownPanel(data);
      const names = [
        ...(axis === undefined ? [] : [axis.name]),
        ...fields.map(({ name }) => name),
        ...tiles.map(({ display }) => display.title ?? ""),
      ];
      return [data.panel.title, data.panel.type, names.join(", ")];
    });
  const lines = [["panel", "type", "series, columns or tiles"], ["---", "---", "---"], ...rows];
  return [
    `**${dashboard.title}**`,
    "",
    ...lines.map((cells) => `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`),
  ].join("\n");
}
