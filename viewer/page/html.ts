import { textUtil } from "@grafana/data";

/** Text as it is written into HTML. */
export const escape = (text: string): string => textUtil.escapeHtml(text);
