import * as pulumi from "@pulumi/pulumi";
import { mirrored } from "../images";

/**
 * An image as a pod names it: that of Docker Hub, or under the same name in a mirror.
 *
 * @param registry the mirror, e.g. `acme.azurecr.io` or `registry.example.com/mirror`
 * @throws Error naming `imageRegistry` when it is no registry
 */
export function imageIn(
  registry: pulumi.Input<string | undefined> | undefined,
  image: string,
): pulumi.Input<string> {
  if (registry === undefined) return image;
  if (typeof registry === "string") return mirrored(registry, image);
  return pulumi.output(registry).apply((known) => (known === undefined ? image : mirrored(known, image)));
}
