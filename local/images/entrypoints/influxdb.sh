#!/bin/sh
# Starts influxd, and sets it up first where its folder is empty: the same variables as the official image's.
#
# DOCKER_INFLUXDB_INIT_MODE=setup asks for it. USERNAME, PASSWORD, ORG and BUCKET are needed then; ADMIN_TOKEN, RETENTION and
# CLI_CONFIG_NAME are optional. Of PASSWORD and ADMIN_TOKEN, and of USERNAME, there is also a form with _FILE.
set -eu

case "${1:-influxd}" in -*) set -- influxd "$@" ;; esac
[ $# -gt 0 ] || set -- influxd
[ "$1" = influxd ] || exec "$@"

bolt=${INFLUXD_BOLT_PATH:-/var/lib/influxdb2/influxd.bolt}
engine=${INFLUXD_ENGINE_PATH:-/var/lib/influxdb2/engine}
export INFLUXD_BOLT_PATH="$bolt" INFLUXD_ENGINE_PATH="$engine"
export INFLUX_CONFIGS_PATH="${INFLUX_CONFIGS_PATH:-/etc/influxdb2/influx-configs}"

if [ -e "$bolt" ] || [ "${DOCKER_INFLUXDB_INIT_MODE:-}" != setup ]; then
  exec "$@"
fi

# The value of DOCKER_INFLUXDB_INIT_$1, or the content of the file that ..._FILE names.
setting() {
  eval "value=\${DOCKER_INFLUXDB_INIT_$1:-} file=\${DOCKER_INFLUXDB_INIT_${1}_FILE:-}"
  if [ -z "$value" ] && [ -n "$file" ]; then value=$(cat "$file"); fi
  printf %s "$value"
}
username=$(setting USERNAME) password=$(setting PASSWORD) token=$(setting ADMIN_TOKEN)
organization=$(setting ORG) bucket=$(setting BUCKET) retention=$(setting RETENTION)
for needed in username password organization bucket; do
  eval "value=\$$needed"
  if [ -z "$value" ]; then
    echo "the first start needs DOCKER_INFLUXDB_INIT_*: no $needed" >&2
    exit 1
  fi
done

# Half a setup must not look like a finished one at the next start.
port=${INFLUXD_INIT_PORT:-9999}
finished=no
server=
clean_up() {
  [ "$finished" = yes ] && return
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$bolt" "${INFLUXD_SQLITE_PATH:-/var/lib/influxdb2/influxd.sqlite}" "$engine"
}
trap clean_up EXIT
trap 'exit 143' TERM INT

# On another port, so that nobody finds it before it is set up.
"$@" --http-bind-address "127.0.0.1:$port" &
server=$!
attempts=${INFLUXD_INIT_PING_ATTEMPTS:-600}
until influx ping --host "http://127.0.0.1:$port" >/dev/null 2>&1; do
  attempts=$((attempts - 1))
  kill -0 "$server" 2>/dev/null || exit 1
  [ "$attempts" -gt 0 ] || exit 1
  sleep 0.1
done
influx setup --force --host "http://127.0.0.1:$port" --name "${DOCKER_INFLUXDB_INIT_CLI_CONFIG_NAME:-default}" \
  --username "$username" --password "$password" --org "$organization" --bucket "$bucket" \
  --retention "${retention:-0}" ${token:+--token "$token"} >/dev/null
# The port of the setup is gone afterwards.
sed -i "s/127.0.0.1:$port/localhost:8086/" "$INFLUX_CONFIGS_PATH"
kill -TERM "$server"
wait "$server" || true
finished=yes
trap - EXIT TERM INT
exec "$@"
