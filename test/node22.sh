#!/usr/bin/env bash
# Runs the package as it is published under the oldest Node that it supports: what test/package.sh does, then the tests
# of the service, whose faults are other ones on each version of Node. Needs `npm ci --prefix test/node22`, and a build.
set -euo pipefail
cd "$(dirname "$0")/.."
node22=$PWD/test/node22/node_modules/.bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
mkdir "$work/app"
echo '{ "private": true, "type": "module" }' >"$work/app/package.json"
# The service reads S3, for which the package needs the SDK beside it.
sdk=$(PATH=$node22:$PATH node -p "Object.entries(require('./package.json').devDependencies).filter(([name]) => name.startsWith('@aws-sdk/')).map((entry) => entry.join('@')).join(' ')")
# shellcheck disable=SC2086
PATH=$node22:$PATH npm install --silent --no-save --prefix "$work/app" "$work"/rangeway-*.tgz $sdk
echo "the service on Node $("$node22/node" --version)"
RANGEWAY_NODE=$node22/node RANGEWAY_MAIN=$work/app/node_modules/rangeway/dist/cli/main.js \
  npx vitest run --project node test/service test/campaigns/leavers
