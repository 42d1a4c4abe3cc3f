#!/usr/bin/env bash
# A real S3 server for the tests: Ceph's RADOS gateway with one monitor and one OSD, in memory, on loopback.
#   ceph.sh up FOLDER PORT     starts it with its state in FOLDER, and returns when it answers
#   ceph.sh down FOLDER        stops what `up` started
# Path style, access key "rangeway", secret "rangeway-secret". Debian packages: see packages.txt.
set -euo pipefail

folder=$2
export CEPH_CONF=$folder/ceph.conf
# Of its own, so that two checkouts can test at the same time.
monitor=127.0.0.1:$((${3:-0} + 1))

configure() {
  mkdir -p "$folder"/{mon,osd,run,log}
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $1
mon host = v1:$monitor
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv4 = true
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
# One monitor has no others to wait for, at each of the pools that are made at the start.
paxos propose interval = 0.01
paxos min wait = 0.01
mon data avail crit = 1
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 1073741824
run dir = $folder/run
admin socket = $folder/run/\$name.asok
log file = $folder/log/\$name.log
mon data = $folder/mon
osd data = $folder/osd
# Without it a body waits 40 ms for the acknowledgement of its head.
rgw frontends = beast endpoint=127.0.0.1:$2 tcp_nodelay=1
rgw dns name = localhost
rgw enable usage log = false
rgw enable ops log = false
CONF
}

up() {
  local port=$1 id
  id=$(cat /proc/sys/kernel/random/uuid)
  rm -rf "$folder"
  configure "$id" "$port"
  monmaptool --create --clobber --addv a "[v1:$monitor]" --fsid "$id" "$folder/monmap" >/dev/null
  ceph-mon --mkfs -i a --monmap "$folder/monmap"
  ceph-mon -i a --pid-file "$folder/mon.pid"
  local osd
  osd=$(cat /proc/sys/kernel/random/uuid)
  timeout 30 ceph osd new "$osd" >/dev/null
  ceph-osd -i 0 --mkfs --osd-uuid "$osd" --fsid "$id"
  start_osd
  radosgw -n client.rgw --pid-file "$folder/rgw.pid"
  for _ in $(seq 120); do
    if curl -s -o "$folder/answer" "http://127.0.0.1:$port/"; then
      timeout 60 radosgw-admin user create --uid=rangeway --display-name=rangeway \
        --access-key=rangeway --secret=rangeway-secret >/dev/null
      return
    fi
    sleep 0.5
  done
  echo 'the RADOS gateway does not answer' >&2
  return 1
}

# The monitor may not know the OSD yet ("wrong fsid"), and then the OSD ends itself within a moment.
start_osd() {
  for _ in $(seq 10); do
    ceph-osd -i 0 --pid-file "$folder/osd.pid"
    for _ in $(seq 20); do
      sleep 0.2
      if ! kill -0 "$(cat "$folder/osd.pid")"; then continue 2; fi
      if timeout 10 ceph osd stat | grep -q '1 up'; then return; fi
    done
  done
  return 1
}

down() {
  local name
  for name in rgw osd mon; do
    if [ -f "$folder/$name.pid" ]; then kill "$(cat "$folder/$name.pid")" 2>/dev/null || true; fi
  done
}

case $1 in
  up) up "$3" >"${folder}.log" 2>&1 || { down; cat "${folder}.log" >&2; exit 1; } ;;
  down) down ;;
  *) exit 2 ;;
esac
