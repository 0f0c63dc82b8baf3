import { fluentdArguments } from "./contractFiles";

/** Name of the script in the sidecar's configuration. */
export const runFluentdFile = "run-fluentd.sh";

/**
 * A POSIX shell script that runs Fluentd without its supervisor and starts it anew when it ends: the supervisor is a
 * second Ruby of 40 MiB, in each pod. Signals reach Fluentd, and end the script with it.
 *
 * Usage: `sh run-fluentd.sh FLUENTD [ARGUMENT…]`.
 */
export const runFluentdScript = `#!/bin/sh
# Runs Fluentd without its supervisor, and starts it anew when it ends.
set -u
# Ruby takes memory in larger steps by default: 10 MiB more after much work, for little CPU.
export RUBY_GC_HEAP_GROWTH_FACTOR="\${RUBY_GC_HEAP_GROWTH_FACTOR:-1.1}"
# It makes a socket, also without a supervisor: in /tmp, which a read-only root has not.
export SERVERENGINE_SOCKETMANAGER_SOCK_DIR="\${TMPDIR:-/tmp}"
stopped=
fluentd=
trap 'stopped=yes; [ -z "$fluentd" ] || kill -TERM "$fluentd" 2>/dev/null' TERM INT
while :; do
  "$@" --no-supervisor &
  fluentd=$!
  # A signal ends a wait early: wait until Fluentd is gone.
  while kill -0 "$fluentd" 2>/dev/null; do
    wait "$fluentd"
  done
  [ -n "$stopped" ] && break
  echo "Fluentd has ended, and is started anew" >&2
  sleep 1
done
`;

/** Arguments of `sh` that run `fluentd`, the program, on what is rendered into `folder`. */
export function sidecarArguments(folder: string, fluentd = "fluentd"): string[] {
  return [`${folder}/${runFluentdFile}`, fluentd, ...fluentdArguments(folder)];
}
