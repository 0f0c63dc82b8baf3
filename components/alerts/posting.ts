import { withoutEndSlashes } from "../../contract/patterns";
import { fluxString } from "../influxdb/flux";

/** Where alerts are posted. */
export interface PostingOptions {
  /** Base URLs of all Alertmanagers: each gets every alert, they agree among themselves who mails. */
  alertmanagerUrls: readonly string[];
  /**
   * Key of the InfluxDB secret that holds the header `Authorization` of each post: task scripts are readable.
   * @default none, the Alertmanagers ask for no login
   */
  authorizationSecret?: string;
}

/**
 * Statements of a Flux function that post `body`, alerts of a rule as JSON, to each Alertmanager. They fail after that where
 * one did not take it.
 */
export function posting(rule: string, options: PostingOptions): string {
  const { alertmanagerUrls, authorizationSecret } = options;
  const posts = alertmanagerUrls.map(
    (url, index) => `        post${index} = experimental.catch(
            fn: () =>
                http.post(
                    url: ${fluxString(`${withoutEndSlashes(url)}/api/v2/alerts`)},
                    headers: {"Content-Type": "application/json"${authorizationSecret === undefined ? "" : ', "Authorization": authorization'}},
                    data: body,
                ),
        )`,
  );
  const failures = alertmanagerUrls.map((url, index) => {
    const prefix = fluxString(`${withoutEndSlashes(url)}: `);
    const post = `post${index}`;
    // What did not fail has no message.
    return `(if exists ${post}.msg then ${prefix} + ${post}.msg + "; " else if ${post}.value == 200 then "" else ${prefix} + "HTTP status " + string(v: ${post}.value) + "; ")`;
  });
  return `${posts.join("\n")}
        failed = ${failures.join("\n            + ")}

        return {posted: if failed == "" then true else die(msg: "posting ${rule} failed: " + failed)}`;
}
