import { resourcePolicy } from "../core/define";
import { containersOf, podTemplate, unknownContainers } from "../core/pods";
import { get } from "../core/values";

/**
 * Sidecars need none: they serve their own pod, and a readiness probe on one would take an app out of its Service
 * because its logs can't be shipped.
 */
export const probesSet = resourcePolicy({
  name: "probes-set",
  description:
    "Every main container of a Deployment, StatefulSet or DaemonSet has a readiness and a liveness probe.",
  configSchema: { properties: {} },
  enforcementLevel: "mandatory",
  validate: (resource) => {
    const template = podTemplate(resource);
    if (template?.longRunning !== true) return [];
    const unknown = unknownContainers(template.spec);
    if (unknown !== undefined) return [unknown];
    return containersOf(template.spec)
      .filter(({ role }) => role === "main")
      .flatMap(({ name, value }) =>
        ["readinessProbe", "livenessProbe"]
          .filter((probe) => (get(value, probe) ?? undefined) === undefined)
          .map(
            (probe) =>
              `Container «${name}»: ${probe} is missing: add one, e.g. an httpGet on its health endpoint.`,
          ),
      );
  },
});
