#!/bin/sh
# The first process of the node's own pid, mount and network namespaces. When it ends, the kernel ends every process in
# them, and with them goes every mount, interface and rule.
#
# Environment: NODE_DIRECTORY, NODE_ADDRESS, NODE_PODS, NODE_GATEWAY, NODE_SERVICES; the programs are in $PATH.
set -eu
cd "$NODE_DIRECTORY"
exec </dev/null

mount -t proc proc /proc
# What programs write to fixed places stays in here.
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/upper,workdir=/run/work overlay /var/lib
# The kubelet would set these of the whole machine: it finds them set.
while read -r name value; do
  echo "$value" >"sysctl-$(basename "$name")"
  if [ -e "/proc/sys/$name" ]; then mount --bind "sysctl-$(basename "$name")" "/proc/sys/$name"; fi
done <<SYSCTLS
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SYSCTLS

ip link set lo up
ip link add eth0 type veth peer name eth0-peer
ip addr add "$NODE_ADDRESS/24" dev eth0
ip link set eth0 up
ip link set eth0-peer up
ip link add cni0 type bridge
ip addr add "$NODE_GATEWAY" dev cni0
ip link set cni0 up
ip route add "$NODE_SERVICES" dev eth0
echo 1 >/proc/sys/net/ipv4/ip_forward
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi

# Runs a part of the node, and runs it again when it ends: kube-router ends where the kubelet has not registered yet.
start() {
  name=$1
  shift
  while true; do
    code=0
    "$@" >>"logs/$name.log" 2>&1 || code=$?
    echo "$name ended with $code, and is started again"
    sleep 1
  done &
}
trap 'exit 1' TERM

start relay "$NODE_PROGRAM" "$NODE_BUNDLE" relay "$NODE_CLUSTER"
start containerd env HTTPS_PROXY="$NODE_PROXY" HTTP_PROXY="$NODE_PROXY" containerd --config containerd.toml
until [ -S containerd.sock ] && [ -S in.sock ]; do sleep 0.1; done
start kubelet kubelet --config kubelet.yaml --kubeconfig kubeconfig.yaml --hostname-override node \
  --node-ip "$NODE_ADDRESS" --root-dir "$NODE_DIRECTORY/kubelet" --v 1
start kube-proxy kube-proxy --config kube-proxy.yaml --v 1
start kube-router kube-router --kubeconfig kubeconfig.yaml --hostname-override node --run-router=false \
  --run-service-proxy=false --service-cluster-ip-range "$NODE_SERVICES" --health-port 0
wait
