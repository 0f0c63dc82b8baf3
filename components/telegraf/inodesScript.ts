import { measurements } from "../../contract/measurements";

/** The kubelets' own metrics of the inodes of volumes that are claimed, and the fields that they become. */
export const inodeFields = {
  kubelet_volume_stats_inodes: "inodes",
  kubelet_volume_stats_inodes_used: "inodes_used",
};

/** Its file, beside the configuration. */
export const inodesScriptName = "inodes.sh";

/**
 * Shell script that prints the inodes of volumes in Prometheus' text format: it asks each node's kubelet for its metrics.
 * Telegraf's input for kubelets reads no inodes, and that for Prometheus finds no nodes. Telegraf's image has curl.
 *
 * Arguments: the file with the token; the URL of a kubelet, of all of them where it is left out. It fails when no kubelet
 * answers.
 *
 * Source: https://kubernetes.io/docs/reference/instrumenting/metrics/
 */
export const inodesScript = `#!/bin/sh
account=/var/run/secrets/kubernetes.io/serviceaccount
get() {
  printf 'Authorization: Bearer %s' "$(cat "$token")" |
    curl --silent --show-error --fail --header @- --connect-timeout 1 --max-time 5 "$@"
}
kubelets() {
  get --cacert $account/ca.crt https://kubernetes.default.svc/api/v1/nodes | tr -d ' \\n' |
    grep -o '"type":"InternalIP","address":"[^"]*"' | cut -d '"' -f 8 |
    sed -e 's/.*:.*/[&]/' -e 's|.*|https://&:10250|'
}
token=$1
code=1
for kubelet in \${2:-$(kubelets)}; do
  metrics=$(get --insecure "$kubelet/metrics") || continue
  code=0
  printf '%s\\n' "$metrics" | grep -E '^(${Object.keys(inodeFields).join("|")})[{]'
done
exit $code
`;

/**
 * Starlark functions that make fields of a pod's volume of the inodes of its claim. They use the dict `state`, which
 * `remember_claim` tells what pods mount.
 */
export const claimsScript = `# Which pod's volume a claim is. Of several pods that share it, the first one's.
def remember_claim(pod, volume):
    claim, spec, namespace = volume.get("persistentVolumeClaim"), pod["spec"], pod["metadata"]["namespace"]
    if claim and "nodeName" in spec and pod.get("status", {}).get("phase") == "Running":
        tags = {"service": owner_of(pod), "namespace": namespace, "pod_name": pod["metadata"]["name"], "volume_name": volume["name"], "node_name": spec["nodeName"]}
        state.setdefault(("Pod claim", namespace, claim["claimName"]), tags)

inode_fields = ${JSON.stringify(inodeFields)}

def of_inodes(metric):
    tags = state.get(("Pod claim", metric.tags.get("namespace"), metric.tags.get("persistentvolumeclaim")))
    if not tags or tags["service"] == None:
        return None
    return point(metric, "${measurements.podVolume}", tags, {inode_fields[metric.name]: float(metric.fields["value"])})
`;
