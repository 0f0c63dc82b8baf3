import { patterns, withoutEndSlashes } from "../../contract/patterns";

/**
 * A TOML basic string. Telegraf also replaces `${NAME}` by the environment, inside of strings too.
 *
 * @throws RangeError on a "$"
 */
export function toml(text: string): string {
  if (text.includes("$")) {
    throw new RangeError(
      `${JSON.stringify(text)} holds a "$", which Telegraf would take for a variable: leave it out`,
    );
  }
  return JSON.stringify(text);
}

/** @throws RangeError that names the option, when it is no URL of http or https */
export function checkedUrl(option: string, url: string): string {
  if (!patterns.url.test(url)) {
    throw new RangeError(
      `${option} must begin with http:// or https:// and a host, got ${JSON.stringify(url)}`,
    );
  }
  return url;
}

/** A URL that a path can be added to: without slashes at its end. */
export function baseUrl(option: string, url: string): string {
  return withoutEndSlashes(checkedUrl(option, url));
}
