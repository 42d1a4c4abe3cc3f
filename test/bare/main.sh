#!/usr/bin/env bash
# The first hour of a new user on a bare machine: a Debian made by debootstrap, with the Node and npm of this machine and
# nothing else, an empty home and no cache of npm. Runs README's commands in a copy of HEAD, then `npm pack`, and the
# package in empty folders on Node 22 and 24, and the first steps of the start pages. Servers run in a network of their own,
# so every port is free, and a server that needs the internet fails.
#   main.sh [--tests]     with --tests also README's `npm test`
# Needs the packages of packages.txt (with RANGEWAY_FULL=1 it fails without them), root, and the right to unshare; else it
# is skipped with a line.
set -uo pipefail
cd "$(dirname "$0")/../.."
project=$PWD
# Not the Node that npm scripts put first on PATH.
PATH=$(printf %s "$PATH" | tr : '\n' | grep -v node_modules | paste -sd :)

# Programs can be installed, and their absence is a failure of a complete run. Rights can't.
missing=
for program in debootstrap ip unshare chroot; do
  command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  echo "SKIPPED: the bare machine, which needs$missing; the packages are in test/bare/packages.txt"
  [ "${RANGEWAY_FULL:-}" != 1 ]
  exit
fi

work=$(mktemp -d)
root=$work/root
log=$work/log
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# ok NAME COMMAND…: counts a check. What the command prints is shown only if it fails.
ok() {
  local name=$1 started=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok   $name ($((SECONDS - started)) s)"
  else
    failed=$((failed + 1))
    echo "FAIL $name ($((SECONDS - started)) s)"
    sed 's/^/     /' "$log" | tail -n 60
  fi
}

# What the machine needs to reach the registry of npm: nothing else of its environment is passed on.
network=("npm_config_registry=$(npm config get registry)")
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS; do
  [ -z "${!name:-}" ] || network+=("$name=${!name}")
done

# Makes the root, from the mirror of this machine's apt. The empty Debian is kept for the next run.
make_root() {
  local release mirror kept
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | awk -v release="$release" '$1 == release { print $2; exit }')
  kept=${TMPDIR:-/tmp}/rangeway-bare-$release
  if [ ! -d "$kept" ]; then
    debootstrap --variant=minbase "$release" "$kept.$$" "$mirror" && { mv -T "$kept.$$" "$kept" 2>/dev/null || rm -rf "$kept.$$"; } || return
  fi
  cp -a "$kept" "$root" || return
  cp "$(readlink -f "$(command -v node)")" "$root/usr/bin/node" || return
  mkdir -p "$root/usr/lib/node_modules" && cp -a "$(npm root -g)/npm" "$root/usr/lib/node_modules/" || return
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/bin/npx"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then install -D "$NODE_EXTRA_CA_CERTS" "$root$NODE_EXTRA_CA_CERTS"; fi
  chroot "$root" useradd --create-home user || return
  mkdir "$root/home/user/rangeway"
  # A checkout without git's history is copied as it is.
  if git -C "$project" rev-parse HEAD >/dev/null 2>&1; then
    git -C "$project" archive HEAD
  else
    tar -c -C "$project" --exclude=node_modules --exclude=./dist --exclude=./.rangeway .
  fi | tar -x -C "$root/home/user/rangeway" || return
  cp "$project/test/bare/download.mjs" "$root/home/user/"
  chroot "$root" chown -R user: /home/user
}

# enter FOLDER SCRIPT: runs a bash script as the user, in a folder of its home. All that it starts ends with it.
enter() {
  timeout --kill-after=5 "${limit:-100}" unshare --pid --fork --kill-child --mount-proc="$root/proc" chroot --userspec=user "$root" \
    env -i HOME=/home/user USER=user PATH="${path:-/usr/local/bin:/usr/bin:/bin}" LANG=C.UTF-8 "${network[@]}" \
    bash -c "set -euo pipefail; cd '/home/user/$1'; $functions $2"
}

# The same without the internet, on a loopback of its own.
enter_offline() {
  unshare --net bash -c 'ip link set lo up && "$@"' - bash -c "$(declare -p root path network functions); $(declare -f enter); enter \"\$@\"" - "$@"
}

# For scripts: `served COMMAND…` starts a server, and sets $url when it has printed it; `stopped` stops it, and fails if
# a process is left after 3 seconds.
# shellcheck disable=SC2016
functions='
served() {
  "$@" >~/server.log 2>&1 & server=$!
  for _ in $(seq 600); do
    url=$(grep -oE "http://127\.0\.0\.1:[0-9]+" ~/server.log | head -n 1) && return
    kill -0 $server || { cat ~/server.log; return 1; }
    read -rt 0.1 <> <(:) || :
  done
  cat ~/server.log; return 1
}
left() { for one in /proc/[0-9]*; do [ "$(cat $one/comm 2>/dev/null)" != bash ] && [ -s $one/cmdline ] && tr "\0" " " <$one/cmdline; done; return 0; }
stopped() {
  kill $server; wait $server || :
  for _ in $(seq 30); do [ -z "$(left | grep -E "node|workerd")" ] && return; read -rt 0.1 <> <(:) || :; done
  echo "left after the stop:"; left; return 1
}
# npm itself tells for wrangler that its programs have install scripts, which run only if they are approved.
quiet() { if grep -v "npm warn install-scripts" "$1" | grep -iE "warn|deprecat|vulnerab|experimental|error|    at "; then echo "in the output above"; return 1; fi; }
'
path=

# entered: a Debian is made, and can be entered with and without the internet. Containers often have no right to do so.
entered() { [ "$(id -u)" -eq 0 ] && make_root && enter . true && enter_offline . true; }
if ! entered >"$log" 2>&1; then
  echo 'SKIPPED: the bare machine: here no Debian can be made and entered, which takes root and the right to unshare'
  tail -n 5 "$log" | sed 's/^/     /'
  exit 0
fi
passed=1
echo "ok   a Debian with Node $(node --version) and npm $(npm --version)"

ok 'README has the two commands' grep -qE '^npm ci && npm start  ' README.md
ok 'npm ci, without a warning' enter rangeway 'npm ci 2>&1 | tee ~/ci.log; quiet ~/ci.log'
ok 'npm start, without the internet: a download, interrupted and resumed' enter_offline rangeway '
  served npm start
  [ "$url" = http://127.0.0.1:8787 ]
  node ~/download.mjs "$url/large.bin" .rangeway/samples/large.bin
  quiet ~/server.log
  stopped'
ok 'npm run serve' enter_offline rangeway '
  served npm run serve -- --dir samples --port 0
  node ~/download.mjs "$url/table.csv" samples/table.csv
  quiet ~/server.log
  stopped'
ok 'npx rangeway' enter_offline rangeway 'npx rangeway --version && npx rangeway config check'
ok 'npm pack, without a warning' enter rangeway 'npm pack 2>&1 | tee ~/pack.log; mv rangeway-*.tgz ~/rangeway.tgz; quiet ~/pack.log'
[ -f "$root/home/user/rangeway.tgz" ] || { echo "$passed passed, $failed failed"; exit 1; }
ok "npm ci of Node 22" enter rangeway 'npm ci --prefix test/node22'

# package NODE: the package in an empty folder, on the Node of a folder of programs.
package() {
  local version
  path=/home/user/$1:/usr/bin:/bin
  version=$(enter . 'node --version')
  ok "$version: npm install in an empty folder, without a warning" enter . "
    mkdir app-$1; cd app-$1; npm init -y >/dev/null
    npm install ../rangeway.tgz 2>&1 | tee ~/install.log; quiet ~/install.log
    head -c 3000000 /dev/urandom >file.bin; mkdir served; mv file.bin served
    npx rangeway --version"
  ok "$version: serve" enter_offline "app-$1" '
    served npx rangeway serve --dir served --port 0
    node ~/download.mjs "$url/file.bin" served/file.bin
    quiet ~/server.log
    stopped'
  ok "$version: keygen, sign, config check: a private link" enter_offline "app-$1" '
    npx rangeway keygen >keys
    export RANGEWAY_KEYS=$(cat keys)
    echo "{ \"access\": { \"type\": \"signed\" } }" >gateway.json
    npx rangeway config check gateway.json --for node
    served npx rangeway serve --dir served --config gateway.json --port 0
    link=$(npx rangeway sign "$url/file.bin" --expires 2h --keys keys)
    node ~/download.mjs "$link" served/file.bin
    node -e "fetch(process.argv[1]).then(({ status }) => process.exit(status === 403 ? 0 : 1))" "$url/file.bin"
    stopped'
  ok "$version: dev without wrangler is one sentence with the command" enter_offline "app-$1" '
    if npx rangeway dev >~/dev.log 2>&1; then exit 1; fi
    cat ~/dev.log
    grep -q "npm install --save-dev wrangler" ~/dev.log
    [ "$(wc -l <~/dev.log)" -eq 1 ]'
  ok "$version: npm install --save-dev wrangler" enter "app-$1" 'npm install --save-dev wrangler 2>&1 | tee ~/install.log; quiet ~/install.log'
  ok "$version: dev" enter_offline "app-$1" '
    served npx rangeway dev --dir served --port 0
    node ~/download.mjs "$url/file.bin" served/file.bin
    quiet ~/server.log
    stopped'
}
ok 'folders with nothing but Node 22 and Node 24' enter . '
  mkdir node22 node24
  cp "$(readlink -f rangeway/test/node22/node_modules/.bin/node)" node22/node
  cp "$(readlink -f rangeway/node_modules/.bin/node)" node24/node'
package node22
package node24

# block PAGE LANGUAGE: the first block of a start page, with the package of this checkout.
block() { awk -v open="\`\`\`$2" '$0 == open && !seen { seen = on = 1; next } /^```$/ { on = 0 } on' "docs/$1" | sed 's/npm install rangeway/npm install ..\/rangeway.tgz/'; }

# start_page PAGE: its first step, typed in an empty folder. The last line of the block may start the server.
start_page() {
  local folder=${1%.md} typed
  typed=$(block "$1" sh)
  path=/home/user/node24:/usr/bin:/bin
  block "$1" toml >"$root/home/user/page.toml"
  ok "docs/$1: the project" enter . "mkdir $folder; cd $folder; [ ! -s ../page.toml ] || cp ../page.toml wrangler.toml; $(grep -v '^npx rangeway' <<<"$typed")"
  ok "docs/$1: the server, and a check" enter_offline "$folder" "
    served $(grep -h '^npx rangeway \(serve\|dev\) --dir public$' "docs/$1")
    [ \$url = http://127.0.0.1:8787 ]
    node ~/download.mjs \$url/hello.txt public/hello.txt
    npx rangeway check \$url/hello.txt
    stopped
    [ ! -e wrangler.toml ] || npx wrangler deploy --dry-run | grep 'env.BUCKET (my-downloads)'"
}
start_page start-node.md
start_page start-cloudflare.md
if [ "${1:-}" = --tests ]; then
  path=
  limit=900
  ok 'npm test' enter rangeway 'npm test'
  tail -n 40 "$log"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
