/** Names of the built-in dashboards. */
export type DashboardName =
  "home" | "modelApproval" | "run" | "modelApiUsage" | "resourcesAndCost" | "logs" | "platformHealth";

/** Uids of the built-in dashboards. Alert mails and bookmarks lead to `/d/<uid>`: a changed uid breaks them. */
export const dashboardUids = {
  home: "monitoring-home",
  modelApproval: "model-approval",
  run: "training-run",
  modelApiUsage: "model-api-usage",
  resourcesAndCost: "resources-and-cost",
  logs: "log-lines",
  platformHealth: "platform-health",
} as const satisfies Record<DashboardName, string>;
