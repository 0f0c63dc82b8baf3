/**
 * Shell script (POSIX) that copies the newest backup of a folder to an object store. Its manifests come last, once all else
 * is there and the same: without one, a folder is no backup. Nothing there is changed or deleted.
 *
 * Runs where `rclone` is, with a remote `store` by the variables RCLONE_CONFIG_STORE_*.
 *
 * Environment: BACKUP_DIRECTORY, BACKUP_BUCKET (bucket or container, with a folder in it where wanted).
 */
export const uploadScript = /* @__PURE__ */ (() => `set -eu
: "\${BACKUP_DIRECTORY:?folder of the backups}" "\${BACKUP_BUCKET:?bucket of the object store}"
cd "$BACKUP_DIRECTORY"
name=$(ls -d 20*Z | sort | tail -n 1)
to="store:$BACKUP_BUCKET/$name"
rclone copy --immutable --exclude '*.manifest' "$name" "$to"
rclone check --one-way --exclude '*.manifest' "$name" "$to"
rclone copy --immutable --include '*.manifest' "$name" "$to"
echo "uploaded $name"
`)();

/**
 * Shell script (POSIX) that copies a backup from an object store to a folder: the newest whole one, or BACKUP_NAME.
 *
 * Environment: as for {@link uploadScript}, and BACKUP_NAME.
 */
export const downloadScript = /* @__PURE__ */ (() => `set -eu
: "\${BACKUP_DIRECTORY:?folder of the backups}" "\${BACKUP_BUCKET:?bucket of the object store}"
from="store:$BACKUP_BUCKET"
names=$(rclone lsf -R --files-only --include '/20*Z/*.manifest' "$from" | sed 's|/.*||' | sort -u)
name=\${BACKUP_NAME:-$(echo "$names" | tail -n 1)}
case "
$names
" in
*"
$name
"*) ;;
*)
  echo "no whole backup \${name:-at all} in $BACKUP_BUCKET; there are: $(echo $names)" >&2
  exit 2
  ;;
esac
[ -n "$name" ] || { echo "no whole backup at all in $BACKUP_BUCKET" >&2; exit 2; }
rclone copy "$from/$name" "$BACKUP_DIRECTORY/$name"
echo "downloaded $name"
`)();
