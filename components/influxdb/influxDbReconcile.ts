import { Job } from "@pulumi/kubernetes/batch/v1";
import * as pulumi from "@pulumi/pulumi";
import { images } from "../images";
import { resources } from "../kubernetes/resources";
import type { Endpoint } from "../platform/endpoints";
import { type PartArgs, PartObjects } from "../platform/partObjects";
import { parts } from "../platform/parts";
import type { InfluxDesiredState } from "./desiredState";
import { reconcileBundle } from "./bundles";

/** Arguments of {@link InfluxDbReconcile}. */
interface InfluxDbReconcileArgs extends PartArgs {
  /** The InfluxDB that is brought to its desired state. */
  influxDb: Endpoint;
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

/** How often the program is restarted when it fails, with growing pauses: half an hour for InfluxDB to come up. */
const retries = 10;

/**
 * A Job that brings InfluxDB to its desired state: whenever the state changes, a new Job replaces the last one.
 * It changes only what differs, and deletes no bucket.
 */
export class InfluxDbReconcile extends pulumi.ComponentResource {
  constructor(name: string, args: InfluxDbReconcileArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ds-monitoring:index:InfluxDbReconcile", name, {}, opts);

    const objects = new PartObjects(name, parts.influxDbReconcile, args, this);
    const secretName = objects.secret(
      "credentials",
      pulumi.secret({ INFLUXDB_TOKEN: args.operatorToken, ...args.passwords }),
    );
    const program = objects.configMap("program", {
      [programFile]: reconcileBundle(),
      [stateFile]: pulumi.output(args.desiredState).apply((state) => JSON.stringify(state, undefined, 2)),
    });
    const policy = objects.networkPolicy({ egress: [args.influxDb.egress] });
    const template = objects.podTemplate({
      user,
      restartPolicy: "OnFailure",
      container: {
        name: "reconcile",
        image: images.node,
        command: ["node", `${programPath}/${programFile}`, `${programPath}/${stateFile}`],
        env: [{ name: "INFLUXDB_URL", value: args.influxDb.url }],
        envFrom: [{ secretRef: { name: secretName } }],
        resources: resources({ cpu: "50m", cpuLimit: "500m", memory: "64Mi", memoryLimit: "256Mi" }),
        volumeMounts: [{ name: "program", mountPath: programPath, readOnly: true }],
      },
      volumes: [{ name: "program", configMap: { name: program } }],
    });
    new Job(
      name,
      { metadata: objects.contentMetadata, spec: { backoffLimit: retries, template } },
      { parent: this, dependsOn: [policy, ...(args.after ?? [])] },
    );

    this.registerOutputs();
  }
}
