import { PersistentVolumeClaim, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { allowFlowsSpec, type Flow } from "../kubernetes/networkPolicies";
import type { Part } from "./parts";
import type { StorageArgs } from "./storage";

/** Whose objects are made, and what they are called. */
export interface PartObjectOptions {
  /** Logical name of the objects. */
  name: string;
  /** The part of the platform. */
  part: Part;
  /** Its namespace. */
  namespace: pulumi.Input<string>;
  /** The component that makes them. */
  parent: pulumi.Resource;
}

/** Metadata of an object that carries its part's own name. */
export function partMetadata(options: Pick<PartObjectOptions, "part" | "namespace">) {
  return { name: options.part.name, namespace: options.namespace, labels: options.part.labels };
}

/** The part's service account, whose token no pod gets. */
export function partServiceAccount(options: PartObjectOptions): ServiceAccount {
  return new ServiceAccount(
    options.name,
    { metadata: partMetadata(options), automountServiceAccountToken: false },
    { parent: options.parent },
  );
}

/** The part's Service, to the container port of the given name, and to further ones. */
export function partService(
  options: PartObjectOptions & { portName: string; morePorts?: { name: string; port: number }[] },
): Service {
  const { part, portName, morePorts = [] } = options;
  const ports = [{ name: portName, port: part.port }, ...morePorts];
  return new Service(
    options.name,
    {
      metadata: {
        ...partMetadata(options),
        // Pulumi would wait for pods behind the Service, and a StatefulSet's pods come after its Service.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        selector: part.podLabels,
        ports: ports.map(({ name, port }) => ({ name, port, targetPort: name })),
      },
    },
    { parent: options.parent },
  );
}

/** The claim of a volume that the part's pods mount when they run. */
export function partVolumeClaim(
  options: PartObjectOptions & { storage: StorageArgs; protect: boolean },
): PersistentVolumeClaim {
  const { storage, protect, parent } = options;
  return new PersistentVolumeClaim(
    options.name,
    {
      metadata: {
        ...partMetadata(options),
        // Classes that bind late wait for the first pod.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: storage.storageClassName,
        resources: { requests: { storage: storage.size } },
      },
    },
    { parent, protect },
  );
}

/** Lets exactly these flows in and out of the part's pods; everything else stays denied. */
export function partNetworkPolicy(
  options: PartObjectOptions & { ingress?: pulumi.Input<Flow>[]; egress?: pulumi.Input<Flow>[] },
): NetworkPolicy {
  const spec = pulumi
    .all([pulumi.all(options.ingress ?? []), pulumi.all(options.egress ?? [])])
    .apply(([ingress, egress]) => allowFlowsSpec({ podLabels: options.part.podLabels, ingress, egress }));
  return new NetworkPolicy(
    options.name,
    { metadata: partMetadata(options), spec },
    { parent: options.parent },
  );
}
