import { resourcePolicy } from "../core/define";
import { checkContainers, isLongRunning } from "../core/pods";
import { get } from "../core/values";

/**
 * Sidecars need none: they serve their own pod, and a readiness probe on one would take an app out of its Service
 * because its logs can't be shipped.
 */
export const probesSet = resourcePolicy({
  name: "probes-set",
  description:
    "Every main container of a Deployment, StatefulSet or DaemonSet has a readiness and a liveness probe.",
  validate: (resource) => {
    if (!isLongRunning(resource)) return [];
    return checkContainers(resource, ({ name, value, role }) =>
      ["readinessProbe", "livenessProbe"]
        .filter((probe) => role === "main" && (get(value, probe) ?? undefined) === undefined)
        .map(
          (probe) =>
            `Container «${name}»: ${probe} is missing: add one, e.g. an httpGet on its health endpoint.`,
        ),
    );
  },
});
