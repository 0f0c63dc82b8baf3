import type { RenderedFormat } from "./formats";
import type { Attributes, Value } from "./conform";
import { javascriptRegexp } from "./regexps";

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const identifier =
  /^(?:\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*\d.*\d.*\d.*|.*@.*|.*%40.*|.{41,})$/su;

/** The route of requests beyond the largest number of routes of a service. */
export const otherRoute = "_other";

/**
 * Attributes of the access line of a server, as log_requests.rb reads them.
 *
 * @param groups the named groups of the line, `method`, `path` and `status` among them
 * @returns undefined for a request of a probe, which is no usage
 */
export function requestAttributes(
  groups: Readonly<Record<string, string>>,
  format: RenderedFormat,
): Map<string, Value> | undefined {
  const { path: whole = "", method = "", status = "", duration, duration_ms: milliseconds, ...more } = groups;
  const path = whole.replace(/[?#][\s\S]*$/, "").replace(/^[a-z]+:\/\/[^/]*/, "") || "/";
  if (format.probePaths.includes(path)) return undefined;
  return new Map<string, Value>([
    ["http.request.method", methods.includes(method) ? method : "_OTHER"],
    ["http.route", routeOf(path, status, format)],
    ["http.response.status_code", status],
    ["duration_s", duration ?? (milliseconds === undefined ? undefined : Number(milliseconds) / 1000)],
    ...Object.entries(more),
  ]);
}

function routeOf(path: string, status: string, { routes }: RenderedFormat): string {
  const known = routes.find(({ regexp }) => javascriptRegexp(regexp).test(path));
  if (known !== undefined) return known.template;
  // Scanners ask for what there is not.
  if (status === "404") return "unmatched";
  return path
    .split("/")
    .map((part) => (identifier.test(part) ? "{id}" : part))
    .join("/");
}

/** Bounds the routes of each service: the requests of further ones have the route `_other`. */
export class RouteLimit {
  private readonly routes = new Map<string, Set<string>>();

  constructor(private readonly maxRoutes: number) {}

  /** Changes the route of an event that is one too many. */
  apply(event: Attributes): void {
    const route = event.get("http.route");
    if (typeof route !== "string" || event.get("event_name") !== "http.server.request") return;
    const service = String(event.get("service.name") ?? "");
    const known = this.routes.get(service) ?? new Set();
    this.routes.set(service, known);
    if (known.has(route)) return;
    if (known.size < this.maxRoutes) known.add(route);
    else event.set("http.route", otherRoute);
  }
}
