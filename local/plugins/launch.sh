#!/bin/sh
# Starts the stand-in plugin whose launcher was called: bin/pulumi-resource-NAME runs dist/plugins/NAME.js,
# or its TypeScript when that bundle is missing or older than its sources (npm run build makes it).
set -eu
launcher=$(readlink -f -- "$0")
name=${launcher##*/pulumi-resource-}
plugins=$(dirname -- "$(dirname -- "$launcher")")
root=$(dirname -- "$(dirname -- "$plugins")")
bundle=$root/dist/plugins/$name.js
if [ -f "$bundle" ] && [ -z "$(find "$plugins" "$root/package.json" -type f -newer "$bundle" -print -quit)" ]; then
  exec node "$bundle" "$@"
fi
exec node --import "file://$root/node_modules/tsx/dist/loader.mjs" "$plugins/$name/main.ts" "$@"
