import { measurements } from "../contract/measurements";
import type { Annotation } from "./buildDashboard";
import { field, matchesVariable, notEquals, select, tag, timeFilter, type Condition } from "./influxql";
import { runs } from "./modelEvents";
import { inEnvironment, source } from "./sources";

/** Deployments, trainings and alerts of the chosen environments, on every chart over time; each kind has its colour. */
export function whatHappened(
  ofDeployments: readonly Condition[] = [matchesVariable("environment", "environment")],
): readonly Annotation[] {
  // Grafana reads text and tags from columns, and takes a tag's value in a series' name for one of their names.
  return [
    {
      name: "Model versions first seen",
      colour: "blue",
      // Of all minutes that are kept: the first of a time range would mark every version at its left edge.
      query: select(field("requests"), field("version"), field("api")).from(
        select(
          field("count").first().as("requests"),
          field("model_version").as("version"),
          field("service").as("api"),
        )
          .from(source("minutely", measurements.httpRequest))
          .where(...ofDeployments.filter((condition) => condition !== timeFilter))
          .groupBy(tag("service"), tag("model_version")),
      ),
      textColumn: "version",
      tagsColumn: "api",
    },
    {
      name: "Training runs",
      colour: "purple",
      query: select(field("result").as("ended"), field("pipeline").as("trained"), field("duration_s"))
        .from(runs)
        .where(...inEnvironment),
      textColumn: "trained",
      tagsColumn: "ended",
    },
    {
      name: "Alerts, when first seen in the time range",
      colour: "red",
      query: select(field("text"), field("rule")).from(
        select(field("summary").first().as("text"), field("alertname").as("rule"))
          .from(source("events", measurements.alert))
          .where(...inEnvironment, notEquals("alertname", "Watchdog"))
          .groupBy(tag("alertname"), tag("fingerprint")),
      ),
      textColumn: "text",
      tagsColumn: "rule",
    },
  ];
}
