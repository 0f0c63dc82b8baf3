import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import {
  ConfigMap,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { ClusterRole, ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { ciliumApiServerSpec, toApiServer } from "../kubernetes/apiServer";
import { imageIn } from "../kubernetes/imageRegistry";
import { allowSpec } from "../kubernetes/networkPolicies";
import { type PodUser, restrictedContainerSecurityContext, restrictedPod } from "../kubernetes/podSecurity";
import { minReadySeconds } from "../kubernetes/probes";
import type { Part } from "./parts";
import { claimSpec, type StorageArgs } from "./storage";

/** What the platform tells each of its parts. */
export interface PartArgs {
  /** Namespace to live in. */
  namespace: pulumi.Input<string>;
  /**
   * Where its pods run, and where their images come from.
   * @default {}
   */
  pods?: PodPlacement;
}

/** Where the platform's pods run, and where their images come from. */
export interface PodPlacement {
  /**
   * Registry of every image, under the name that it has at Docker Hub, e.g. `acme.azurecr.io/mirror`; the logging sidecars
   * of apps take theirs from there too. `npx ds-monitoring images` lists what it must hold.
   * @default Docker Hub
   */
  imageRegistry?: pulumi.Input<string>;
  /**
   * Labels of the nodes that the platform's pods run on, e.g. `{ "kubernetes.azure.com/agentpool": "monitoring" }`.
   * @default any node
   */
  nodeSelector?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Taints of nodes that the platform's pods accept.
   * @default none
   */
  tolerations?: pulumi.Input<pulumi.Input<inputs.core.v1.Toleration>[]>;
}

/** What the platform tells a part that keeps data. */
export interface KeepingPartArgs extends PartArgs {
  /** Refuse to delete or replace what holds the data, and the passwords of the first start. */
  protect: boolean;
}

/** An identity of the cloud for the pods of a part. */
export interface PodIdentity {
  /**
   * Annotations of their service account, e.g. `azure.workload.identity/client-id`.
   * @default {}
   */
  serviceAccountAnnotations?: Record<string, pulumi.Input<string>>;
  /**
   * Labels of the pods, e.g. `azure.workload.identity/use: "true"`.
   * @default {}
   */
  podLabels?: Record<string, string>;
}

/** The pods of a part: one container, besides native sidecars among the init containers. */
export interface PodOptions extends Omit<inputs.core.v1.PodSpec, "containers" | "initContainers"> {
  /** The user that it runs as. */
  user: PodUser;
  /** The container, without its security context. */
  container: PlatformContainer;
  initContainers?: PlatformContainer[];
}

/** A container with one of the platform's images. */
export interface PlatformContainer extends inputs.core.v1.Container {
  image: string;
}

/** Pulumi would wait for pods behind a Service or a claim, which come after it. */
const annotations = { "pulumi.com/skipAwait": "true" };

/**
 * The Kubernetes objects of one part of the platform, beginning with its service account, whose token no pod gets.
 *
 * Objects with the part's own name have the component's logical name; others get a suffix.
 */
export class PartObjects {
  /** Metadata of an object with the part's own name. */
  public readonly metadata;
  /** Metadata of an object that Pulumi names, so that a new one can replace it. */
  public readonly contentMetadata;
  public readonly serviceAccountName: pulumi.Output<string>;
  public readonly namespace: pulumi.Input<string>;
  private readonly placement: PodPlacement;

  /**
   * @param name logical name of the component
   * @param args its namespace, and where its pods run
   * @param parent the component
   * @param identity of its pods in the cloud
   */
  constructor(
    public readonly name: string,
    public readonly part: Part,
    args: PartArgs,
    public readonly parent: pulumi.Resource,
    private readonly identity: PodIdentity = {},
  ) {
    this.namespace = args.namespace;
    this.placement = args.pods ?? {};
    this.contentMetadata = { namespace: args.namespace, labels: part.labels };
    this.metadata = { name: part.name, ...this.contentMetadata };
    const account = new ServiceAccount(
      name,
      {
        metadata: { ...this.metadata, annotations: identity.serviceAccountAnnotations },
        automountServiceAccountToken: false,
      },
      { parent },
    );
    this.serviceAccountName = account.metadata.name;
  }

  /** A Secret that is replaced, and rolls its pods, when its content changes; its name. */
  secret(suffix: string, stringData: pulumi.Input<Record<string, pulumi.Input<string>>>) {
    return new Secret(
      `${this.name}-${suffix}`,
      { metadata: this.contentMetadata, immutable: true, stringData },
      { parent: this.parent },
    ).metadata.name;
  }

  /** A ConfigMap that is replaced, and rolls its pods, when its content changes; its name. */
  configMap(suffix: string, data: pulumi.Input<Record<string, pulumi.Input<string>>>) {
    return new ConfigMap(
      `${this.name}-${suffix}`,
      { metadata: this.contentMetadata, immutable: true, data },
      { parent: this.parent },
    ).metadata.name;
  }

  /** The Service to container ports of these names; its name. */
  service(ports: Record<string, number>, options: { name?: string; part?: Part } = {}) {
    const { name = this.name, part = this.part } = options;
    return new Service(
      name,
      {
        metadata: { ...this.metadata, name: part.name, annotations },
        spec: {
          selector: part.podLabels,
          ports: Object.entries(ports).map(([port, number]) => ({
            name: port,
            port: number,
            targetPort: port,
          })),
        },
      },
      { parent: this.parent },
    ).metadata.name;
  }

  /** The claim of a volume that the part's pods mount when they run; its name. */
  volumeClaim(storage: StorageArgs, protect: boolean) {
    return new PersistentVolumeClaim(
      this.name,
      { metadata: { ...this.metadata, annotations }, spec: claimSpec(storage) },
      { parent: this.parent, protect },
    ).metadata.name;
  }

  /** Lets exactly this traffic in and out of the part's pods; everything else stays denied. */
  networkPolicy(rules: {
    ingress?: pulumi.Input<inputs.networking.v1.NetworkPolicyIngressRule>[];
    egress?: pulumi.Input<inputs.networking.v1.NetworkPolicyEgressRule>[];
  }): NetworkPolicy {
    return new NetworkPolicy(
      this.name,
      { metadata: this.metadata, spec: allowSpec({ podLabels: this.part.podLabels, ...rules }) },
      { parent: this.parent },
    );
  }

  /**
   * The rule of {@link networkPolicy} that lets the part's pods reach these ports of the API server and of nodes.
   *
   * @param cilium whether Cilium enforces the policies, which needs a policy of its own for it
   */
  toApiServer(ports: pulumi.Output<number[]>, cilium = false) {
    if (cilium) {
      new CustomResource(
        `${this.name}-api-server`,
        {
          apiVersion: "cilium.io/v2",
          kind: "CiliumNetworkPolicy",
          metadata: { ...this.metadata, name: `${this.part.name}-api-server` },
          spec: ports.apply((known) => ciliumApiServerSpec(this.part.podLabels, known)),
        },
        { parent: this.parent },
      );
    }
    return ports.apply(toApiServer);
  }

  /** Lets the service account do this at the Kubernetes API, in every namespace. */
  clusterRole(rules: inputs.rbac.v1.PolicyRule[]): void {
    const { name, namespace, parent } = this;
    const { labels } = this.part;
    const role = new ClusterRole(
      name,
      { metadata: { name: pulumi.interpolate`${namespace}-${name}`, labels }, rules },
      { parent },
    );
    new ClusterRoleBinding(
      name,
      {
        metadata: { name: role.metadata.name, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: this.serviceAccountName, namespace }],
      },
      { parent },
    );
  }

  /** The template of the part's pods: *restricted*, under its service account. */
  podTemplate(options: PodOptions): inputs.core.v1.PodTemplateSpec {
    const { user, container, initContainers, ...spec } = options;
    const { imageRegistry, nodeSelector, tolerations } = this.placement;
    const ofRegistry = (each: PlatformContainer) => ({ ...each, image: imageIn(imageRegistry, each.image) });
    return {
      metadata: { labels: { ...this.part.labels, ...this.identity.podLabels } },
      spec: {
        ...restrictedPod({ serviceAccountName: this.serviceAccountName, user }),
        ...(nodeSelector && { nodeSelector }),
        ...(tolerations && { tolerations }),
        ...spec,
        ...(initContainers && { initContainers: initContainers.map(ofRegistry) }),
        containers: [{ ...ofRegistry(container), securityContext: restrictedContainerSecurityContext() }],
      },
    };
  }

  /** The Deployment of the only replica. */
  deployment(pod: PodOptions, spec: { strategy?: inputs.apps.v1.DeploymentStrategy } = {}): void {
    new Deployment(
      this.name,
      { metadata: this.metadata, spec: { replicas: 1, minReadySeconds, ...spec, ...this.podsOf(pod) } },
      { parent: this.parent },
    );
  }

  /** The StatefulSet, with a volume of the given name for each replica. */
  statefulSet(
    pod: PodOptions,
    options: {
      volumeName: string;
      storage: StorageArgs;
      protect?: boolean;
      replicas?: number;
      /** Whether the volumes outlive the StatefulSet, and a replica that is gone. */
      retain?: boolean;
    },
  ): StatefulSet {
    const { volumeName, storage, protect = true, replicas = 1, retain = true } = options;
    return new StatefulSet(
      this.name,
      {
        metadata: this.metadata,
        spec: {
          replicas,
          // By name: the Service is ready only when it has pods, so waiting for it would never end.
          serviceName: this.part.name,
          ...(retain && {
            persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
          }),
          volumeClaimTemplates: [
            { metadata: { name: volumeName, labels: this.part.podLabels }, spec: claimSpec(storage) },
          ],
          ...this.podsOf(pod),
        },
      },
      { parent: this.parent, protect },
    );
  }

  private podsOf(pod: PodOptions) {
    return { selector: { matchLabels: this.part.podLabels }, template: this.podTemplate(pod) };
  }
}
