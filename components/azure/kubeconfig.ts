import { parse, stringify } from "yaml";

/** How a kubeconfig signs in to Entra, with the program `kubelogin`. */
export type KubeLogin = "azurecli" | "workloadidentity" | "devicecode" | "spn" | "msi";

/**
 * The kubeconfig that Azure hands out for a cluster with Entra asks for a browser (`devicecode`); make it sign in the
 * way that the machine can. A kubeconfig without Entra stays as it is. Pure.
 *
 * @param encoded the kubeconfig in base64, as the Azure API returns it
 * @throws Error when it is no kubeconfig
 */
export function usableKubeconfig(encoded: string, login: KubeLogin): string {
  const kubeconfig = parse(Buffer.from(encoded, "base64").toString("utf8")) as {
    users?: { user?: { exec?: { args?: string[] } } }[];
  } | null;
  if (!Array.isArray(kubeconfig?.users)) {
    throw new Error("Azure returned no kubeconfig: its text has no users");
  }
  for (const { user } of kubeconfig.users) {
    const args = user?.exec?.args;
    const index = args?.indexOf("--login") ?? -1;
    if (args !== undefined && index >= 0) args[index + 1] = login;
  }
  return stringify(kubeconfig);
}
