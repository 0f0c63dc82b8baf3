import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";

/**
 * A random password of 40 letters and digits, about 238 bits: no character needs escaping in URLs, headers or Ruby.
 *
 * Its generation is never revisited: a later version of this library that asked for another length would otherwise
 * silently replace every password in use. Rotate with `pulumi up --replace URN`.
 *
 * @param protect refuse to delete it: a part that keeps data also keeps the password of its first start
 */
export function generatedPassword(
  name: string,
  parent: pulumi.Resource,
  protect = false,
): pulumi.Output<string> {
  const password = new RandomPassword(
    name,
    { length: 40, special: false },
    { parent, protect, ignoreChanges: ["length", "special"] },
  );
  return pulumi.secret(password.result);
}
