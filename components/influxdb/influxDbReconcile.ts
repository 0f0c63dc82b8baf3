import { Job } from "@pulumi/kubernetes/batch/v1";
import { ConfigMap, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { resources } from "../kubernetes/resources";
import type { Neighbour } from "../platform/endpoints";
import { partNetworkPolicy, partServiceAccount } from "../platform/partObjects";
import { parts } from "../platform/parts";
import { reconcileBundle } from "./bundles";
import type { InfluxDesiredState } from "./desiredState";

/** Arguments of {@link InfluxDbReconcile}. */
export interface InfluxDbReconcileArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /** The InfluxDB that is brought to its desired state. */
  influxDb: Neighbour;
  /** Token that may manage everything in the state. Secret. */
  operatorToken: pulumi.Input<string>;
  /** Buckets, mappings, credentials and tasks. */
  desiredState: pulumi.Input<InfluxDesiredState>;
  /** Passwords of the state's credentials by the environment variable that the state names. Secret. */
  passwords: Record<string, pulumi.Input<string>>;
  /**
   * What has to be ready before the Job runs. (`dependsOn` of a component does not reach its children.)
   * @default []
   */
  after?: pulumi.Resource[];
}

const user = { uid: 1000 };
const programPath = "/opt/reconcile";
const programFile = "reconcile.js";
const stateFile = "desired-state.json";

/** How often the program is started anew when it fails, with growing pauses: half an hour for InfluxDB to come up. */
const retries = 10;

/**
 * A Job that brings InfluxDB to its desired state: whenever the state changes, a new Job replaces the last one.
 * It changes only what differs, and deletes no bucket.
 */
export class InfluxDbReconcile extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbReconcileArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbReconcile", name, {}, opts);

    const { namespace, influxDb } = args;
    const { labels } = parts.influxDbReconcile;
    const common = { name, part: parts.influxDbReconcile, namespace, parent: this };

    const secret = new Secret(
      `${name}-credentials`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: pulumi.secret({ INFLUXDB_TOKEN: args.operatorToken, ...args.passwords }),
      },
      { parent: this },
    );
    const program = new ConfigMap(
      `${name}-program`,
      {
        metadata: { namespace, labels },
        immutable: true,
        data: {
          [programFile]: reconcileBundle(),
          [stateFile]: pulumi.output(args.desiredState).apply((state) => JSON.stringify(state, undefined, 2)),
        },
      },
      { parent: this },
    );
    const serviceAccount = partServiceAccount(common);
    const policy = partNetworkPolicy({ ...common, egress: [influxDb.flow] });

    new Job(
      name,
      {
        metadata: { namespace, labels },
        spec: {
          backoffLimit: retries,
          template: {
            metadata: { labels },
            spec: {
              ...restrictedPod({ serviceAccountName: serviceAccount.metadata.name, user }),
              restartPolicy: "OnFailure",
              containers: [
                {
                  name: "reconcile",
                  image: images.node,
                  command: ["node", `${programPath}/${programFile}`, `${programPath}/${stateFile}`],
                  env: [{ name: "INFLUXDB_URL", value: influxDb.url }],
                  envFrom: [{ secretRef: { name: secret.metadata.name } }],
                  resources: resources({
                    cpu: "50m",
                    cpuLimit: "500m",
                    memory: "64Mi",
                    memoryLimit: "256Mi",
                  }),
                  securityContext: restrictedContainerSecurityContext(),
                  volumeMounts: [{ name: "program", mountPath: programPath, readOnly: true }],
                },
              ],
              volumes: [{ name: "program", configMap: { name: program.metadata.name } }],
            },
          },
        },
      },
      { parent: this, dependsOn: [policy, ...(args.after ?? [])] },
    );

    this.registerOutputs();
  }
}
