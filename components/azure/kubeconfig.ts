import { parse, stringify } from "yaml";

interface Exec {
  command?: string;
  args?: string[];
}

/**
 * The kubeconfig that Azure returns for a cluster with Entra asks for a browser (`devicecode`) as Microsoft's public
 * client. Make it sign in through the Azure CLI, with the arguments that `kubelogin convert-kubeconfig -l azurecli`
 * writes. The variable AAD_LOGIN_METHOD chooses another way on a machine (`workloadidentity` in GitHub Actions) without
 * a change of the state. A kubeconfig without Entra stays as it is. Pure.
 *
 * @param encoded the kubeconfig in base64, as the Azure API returns it
 * @throws Error when it is no kubeconfig, or names no server application
 */
export function usableKubeconfig(encoded: string): string {
  const kubeconfig = parse(Buffer.from(encoded, "base64").toString("utf8")) as {
    users?: { name?: string; user?: { exec?: Exec } }[];
  } | null;
  if (!Array.isArray(kubeconfig?.users)) {
    throw new Error("Azure returned no kubeconfig: its text has no users");
  }
  for (const { name, user } of kubeconfig.users) {
    if (user?.exec?.command?.includes("kubelogin") !== true) continue;
    const args = user.exec.args ?? [];
    const serverId = args[args.indexOf("--server-id") + 1];
    if (!args.includes("--server-id") || serverId === undefined) {
      throw new Error(`Azure returned a kubeconfig whose user ${name} has no --server-id for kubelogin`);
    }
    // Neither --client-id nor --tenant-id: they name Microsoft's public client, which only a browser can use.
    user.exec.args = ["get-token", "--login", "azurecli", "--server-id", serverId];
  }
  return stringify(kubeconfig);
}
