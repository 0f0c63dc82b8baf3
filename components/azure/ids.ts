import type * as pulumi from "@pulumi/pulumi";

/**
 * The name at the end of a resource's id. The output `name` is unknown while a change of the resource is previewed, and
 * whatever is in it would be replaced.
 */
export function nameIn(id: pulumi.Output<string>): pulumi.Output<string> {
  return id.apply((text) => text.slice(text.lastIndexOf("/") + 1));
}

/** The id of a built-in role in the subscription of the resource with this id. */
export function roleIn(resourceId: pulumi.Output<string>, role: string): pulumi.Output<string> {
  const subscription = (id: string) => id.split("/").slice(0, 3).join("/");
  return resourceId.apply(
    (id) => `${subscription(id)}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
  );
}
