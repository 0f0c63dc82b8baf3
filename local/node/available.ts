import { run } from "../processes";
import { which } from "../tools/resolve";
import { whyNoCgroups } from "./cgroups";

/**
 * Why this machine can't have a real node, or undefined when it can. Nothing is built or changed to find out; a tool that
 * can't be had shows later, see `resolveTools`.
 */
export async function whyNoNode(): Promise<string | undefined> {
  if (process.platform !== "linux") return `${process.platform} runs no Linux containers by itself`;
  if (process.getuid?.() !== 0) return "it needs the rights of root";
  for (const program of ["unshare", "ip", "mount", "umount"]) {
    if ((await which(program)) === undefined) return `it needs the program ${program}`;
  }
  // Makes all that the node makes, in namespaces that end with the command.
  const attempt = [
    "mount -t proc proc /proc",
    "mount -t tmpfs tmpfs /run",
    "mkdir /run/a /run/b /run/c",
    "mount -t overlay -o lowerdir=/run/a,upperdir=/run/b,workdir=/run/c overlay /run/a",
    "ip link add veth0 type veth peer name veth1",
    "ip link add bridge0 type bridge",
  ];
  const { code, stderr } = await run("unshare", [
    ...["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"],
    ...["sh", "-ec", attempt.join("\n")],
  ]);
  if (code === 0) return whyNoCgroups();
  return `namespaces or mounts are refused (${stderr.trim().split("\n").at(-1) ?? `exit code ${code}`})`;
}
