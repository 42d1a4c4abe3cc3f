#!/usr/bin/env bash
# Packs what would be published, installs it in an empty folder, and uses it with the oldest Node that it supports; then
# with the oldest and the newest hono and AWS SDK, on every platform: test/package/main.ts. Needs a build,
# `npm ci --prefix test/node22`, and for Lambda `npm ci --prefix test/lambda`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null' EXIT
root=$PWD
node22=$PWD/test/node22/node_modules/.bin
# Not the Node that npm scripts put first on PATH.
PATH=$(printf %s "$PATH" | tr : '\n' | grep -v node_modules | paste -sd :)
machine=$(command -v node)
PATH=$node22:$PATH

npm pack --silent --pack-destination "$work" >/dev/null
tar -tf "$work"/rangeway-*.tgz >"$work/files"
if grep -E '\.map$' "$work/files"; then echo 'no map belongs into the package' >&2; exit 1; fi
for file in cdk.json dist/cdk/app.js dist/lambda/index.mjs dist/lambda/pieces.mjs dist/template.json docs/images/listing.png infra/grafana/rangeway.json infra/prometheus/rangeway.yml infra/rangeway.ts wrangler.s3.toml wrangler.toml README.zh-CN.md \
  dist/worker/R2-only/worker.js dist/worker/S3/worker-s3.js; do
  grep -qx "package/$file" "$work/files" || { echo "the package has no $file" >&2; exit 1; }
done
mkdir "$work/app" "$work/served"
cd "$work/app"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-save ../rangeway-*.tgz
head -c 100000 /dev/urandom >../served/file.bin

npx rangeway --version
# An older one is told what is missing, without a stack.
if [ "$("$machine" -p 'parseInt(process.versions.node, 10)')" -lt 22 ]; then
  if "$machine" node_modules/rangeway/bin/rangeway.js --version 2>refusal; then exit 1; fi
  grep -qE '^rangeway: this is Node [0-9.]+, and rangeway needs Node 22 or newer' refusal
  [ "$(wc -l <refusal)" -eq 1 ]
fi
cat >library.js <<'JS'
import { createGateway, memoryStore } from 'rangeway';
const store = memoryStore();
await store.put('key', new TextEncoder().encode('0123456789'));
const response = await createGateway({ store, observers: [] }).request('/key', { headers: { Range: 'bytes=-2' } });
if ((await response.text()) !== '89') throw new Error(`the library answers ${response.status}`);
JS
node library.js

node node_modules/rangeway/bin/rangeway.js serve --dir ../served --port 0 >log 2>address &
server=$!
for _ in $(seq 50); do grep -q http address && break || sleep 0.2; done
url=$(grep -oE 'http://[0-9.:]+' address)
curl -sf -o part -r 0-49999 "$url/file.bin"
curl -sf -C - -o part "$url/file.bin"
cmp part ../served/file.bin
echo "the package works with Node $(node --version)"
"$root/node_modules/.bin/node" "$root/test/package/main.ts"
