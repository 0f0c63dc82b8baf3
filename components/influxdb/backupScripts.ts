/** A new pod's address is known to the policy of its server only seconds after the start of the pod. */
const waitForInfluxDb = `ready_by=$(($(date +%s) + \${INFLUX_READY_SECONDS:-300}))
until reason=$(timeout 10 influx ping 2>&1 >/dev/null); do
  if [ "$(date +%s)" -ge "$ready_by" ]; then
    echo "InfluxDB at $INFLUX_HOST was not ready within \${INFLUX_READY_SECONDS:-300} s ($reason): look at its pod's log and at the network policy between this program and it" >&2
    exit 1
  fi
  sleep 1
done
`;

/**
 * Shell script (POSIX) that makes one complete backup of InfluxDB and removes the oldest beyond a number.
 *
 * Runs where the `influx` program is, as in InfluxDB's own image. A backup that was interrupted never looks like a
 * whole one: it gets its name, a time in UTC, at the end.
 *
 * Environment: INFLUX_HOST, INFLUX_TOKEN (operator token), BACKUP_DIRECTORY, BACKUP_KEEP (whole number from 1),
 * INFLUX_READY_SECONDS (how long it waits for InfluxDB, default 300).
 */
export const backupScript = /* @__PURE__ */ (() => `set -eu
umask 077
: "\${INFLUX_HOST:?base URL of InfluxDB}" "\${INFLUX_TOKEN:?operator token of InfluxDB}"
: "\${BACKUP_DIRECTORY:?folder of the backups}" "\${BACKUP_KEEP:?number of backups to keep}"
case "$BACKUP_KEEP" in *[!0-9]*|0) echo "BACKUP_KEEP must be a whole number from 1, got $BACKUP_KEEP" >&2; exit 2 ;; esac
${waitForInfluxDb}
cd "$BACKUP_DIRECTORY"
rm -rf incomplete-*
now() { date -u +%Y-%m-%dT%H-%M-%SZ; }
name=$(now)
# A second backup in the same second waits: mv would put it into the first.
while [ -e "$name" ]; do sleep 1; name=$(now); done
influx backup "incomplete-$name"
# A manifest is written last: without one the backup is no backup.
ls "incomplete-$name"/*.manifest >/dev/null
mv "incomplete-$name" "$name"

surplus=$(($(ls -d 20*Z | wc -l) - BACKUP_KEEP))
if [ "$surplus" -gt 0 ]; then
  ls -d 20*Z | sort | head -n "$surplus" | while read -r old; do
    rm -rf "$old"
    echo "removed $old"
  done
fi
echo "backup $name: $(du -sk "$name" | cut -f1) KiB"
`)();

/**
 * Shell script (POSIX) that puts a backup into an InfluxDB that was set up and holds nothing else worth keeping:
 * organizations, buckets, tokens, credentials and tasks included. All that was there is replaced.
 *
 * Afterwards the tokens of the backup's time are valid. Single buckets are restored under a new name by
 * \`influx restore --bucket NAME --new-bucket OTHER\`, because a restore never goes into an existing one.
 *
 * InfluxDB does not run the tasks that a restore brings before each is activated anew, or InfluxDB itself restarted; the
 * script activates those that are active.
 *
 * Environment: INFLUX_HOST, INFLUX_TOKEN (operator token of the InfluxDB that is filled, and of the backup), BACKUP_DIRECTORY;
 * BACKUP_NAME names one, the newest without; INFLUX_READY_SECONDS (how long it waits for InfluxDB, default 300).
 */
export const restoreScript = /* @__PURE__ */ (() => `set -eu
: "\${INFLUX_HOST:?base URL of InfluxDB}" "\${INFLUX_TOKEN:?operator token of InfluxDB}"
: "\${BACKUP_DIRECTORY:?folder of the backups}"

cd "$BACKUP_DIRECTORY"
name=\${BACKUP_NAME:-$(ls -d 20*Z 2>/dev/null | sort | tail -n 1)}
if [ -z "$name" ] || [ ! -d "$name" ]; then
  echo "no backup \${name:-at all} in $BACKUP_DIRECTORY; there are: $(ls -d 20*Z 2>/dev/null | tr '\\n' ' ')" >&2
  exit 2
fi
${waitForInfluxDb}influx restore --full "$name"
echo "restored $name"

influx org list >/dev/null || {
  echo "InfluxDB does not run its tasks yet: it takes the backup's operator token now, not this one; restart it" >&2
  exit 1
}
activated=0
for org in $(influx org list --hide-headers | cut -f1); do
  for id in $(influx task list --org-id "$org" --hide-headers | grep "$(printf '\\tactive\\t')" | cut -f1); do
    influx task update --id "$id" --status inactive >/dev/null
    influx task update --id "$id" --status active >/dev/null
    activated=$((activated + 1))
  done
done
echo "activated $activated tasks"
`)();
