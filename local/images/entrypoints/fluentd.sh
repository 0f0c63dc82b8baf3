#!/bin/sh
# Starts fluentd with the image's configuration and plugins, unless the arguments name others: as the official image does.
set -eu
case "${1:-fluentd}" in -*) set -- fluentd "$@" ;; esac
[ $# -gt 0 ] || set -- fluentd
if [ "$1" = fluentd ]; then
  case " $* " in *" -c "* | *" --config "* | *" --config="*) ;; *) set -- "$@" --config "/fluentd/etc/${FLUENTD_CONF}" ;; esac
  case " $* " in *" -p "* | *" --plugin "* | *" --plugin="*) ;; *) set -- "$@" --plugin /fluentd/plugins ;; esac
fi
exec "$@"
