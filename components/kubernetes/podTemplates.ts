/** Where the spec of the pods is in the spec of each kind with a pod template. */
export const podTemplatePaths: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["template", "spec"],
  StatefulSet: ["template", "spec"],
  DaemonSet: ["template", "spec"],
  ReplicaSet: ["template", "spec"],
  Job: ["template", "spec"],
  CronJob: ["jobTemplate", "spec", "template", "spec"],
};
