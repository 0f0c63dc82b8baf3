import { colorManipulator, textUtil } from "@grafana/data";

/** Text as it is written into HTML. */
export const escape = (text: string): string => textUtil.escapeHtml(text);

/** The colour of a text that can be read on a background: Grafana's own choice goes down to a contrast of 3. */
export function readableOn(background: string): string {
  const contrast = (text: string): number => colorManipulator.getContrastRatio(text, background);
  return contrast("#111111") >= contrast("#ffffff") ? "#111111" : "#ffffff";
}
