/**
 * For images that only print: a POSIX shell script that runs a command, passes its output on and copies it to log
 * files.
 *
 * Usage: `sh capture-stdout.sh COMMAND [ARGUMENT…]`. Signals reach the command, its exit code is the script's, and
 * standard output and error still go where they went, so `kubectl logs` shows them. The copy is bounded: LOG_DIR
 * (default /var/log/app) holds two files of CAPTURE_BYTES (default 16777216) each; a full or missing folder costs the
 * copy, never the command.
 *
 * Files are named `stdout.<n>.log`: a new one is begun, none is renamed, so the sidecar loses no line.
 */
export const captureStdoutScript = `#!/bin/sh
# Runs a command; passes its output on and copies it to bounded log files.
set -u
directory=\${LOG_DIR:-/var/log/app}
limit=\${CAPTURE_BYTES:-16777216}

copy() {
  n=0
  size=0
  file=$directory/stdout.$n.log
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\\n' "$line"
    size=$((size + \${#line} + 1))
    if [ "$size" -gt "$limit" ]; then
      n=$((n + 1))
      size=$((\${#line} + 1))
      file=$directory/stdout.$n.log
      # The one before the last has been read by now.
      [ "$n" -lt 2 ] || rm -f "$directory/stdout.$((n - 2)).log"
    fi
    printf '%s\\n' "$line" 2>/dev/null >>"$file" || :
  done
}

pipe=$(mktemp -u "\${TMPDIR:-/tmp}/capture.XXXXXX")
if ! mkfifo -m 600 "$pipe"; then
  echo "capture-stdout: no pipe in \${TMPDIR:-/tmp}: the output is not copied" >&2
  exec "$@"
fi
# It ends when the command has closed the pipe, not by a signal meant for the command.
(trap '' TERM INT HUP QUIT; copy <"$pipe") &
copier=$!
"$@" >"$pipe" 2>&1 &
command=$!
for signal in TERM INT HUP QUIT USR1 USR2; do
  # shellcheck disable=SC2064
  trap "kill -$signal $command 2>/dev/null" "$signal"
done
# A signal ends a wait early: wait until the command is gone.
wait "$command"
status=$?
while kill -0 "$command" 2>/dev/null; do
  wait "$command"
  status=$?
done
wait "$copier"
rm -f "$pipe"
exit "$status"
`;
