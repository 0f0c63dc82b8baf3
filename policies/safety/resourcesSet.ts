import { resourcePolicy } from "../core/define";
import { checkContainers } from "../core/pods";
import { get } from "../core/values";

const required = [
  ["requests", "cpu"],
  ["requests", "memory"],
  ["limits", "memory"],
] as const;

/** A CPU limit is not asked for: it throttles, and the request already gives each container its share. */
export const resourcesSet = resourcePolicy({
  name: "resources-set",
  description: "Every container has CPU and memory requests and a memory limit.",
  validate: (resource) =>
    checkContainers(resource, ({ name, value }) =>
      required
        .filter((path) => (get(value, "resources", ...path) ?? "") === "")
        .map(
          (path) =>
            `Container «${name}»: resources.${path.join(".")} is missing: set it, e.g. ${example(path)}.`,
        ),
    ),
});

function example([, resource]: (typeof required)[number]): string {
  return resource === "cpu" ? '"100m"' : '"256Mi"';
}
