#!/bin/sh
# Runs the arguments as a command; the image's own program goes before them when the first is an option.
set -eu
case "${1:--}" in -*) set -- "$IMAGE_PROGRAM" "$@" ;; esac
exec "$@"
