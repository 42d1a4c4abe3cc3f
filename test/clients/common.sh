# Sourced by every client script. They use `timeout --foreground`, which leaves a client in the group of processes that
# the runner ends. What a script is given (BASE_URL, CUT_URL, DIR, WORK, REPLACE) is described in run.ts.

NAME=$(basename "$0" .sh)
cd "$WORK"

fail() {
  echo "$NAME: $*" >&2
  exit 1
}

# need PROGRAM PACKAGE
need() {
  command -v "$1" >/dev/null || fail "$1 is missing: apt-get install $2"
}

# same GOT WANTED WHAT: byte for byte. Unlike a digest, cmp names the first byte that differs, which is where a splice begins.
same() {
  cmp -- "$1" "$2" >&2 || fail "$3: $(size "$1") bytes, not the $(size "$2") bytes that are served"
}

# size FILE: in bytes, 0 if there is no such file.
size() {
  if [ -e "$1" ]; then stat -L -c %s -- "$1"; else echo 0; fi
}

# partial FILE WHOLE: the file is a true beginning of WHOLE, neither empty nor complete.
partial() {
  local got
  got=$(size "$1")
  [ "$got" -gt 0 ] && [ "$got" -lt "$(size "$2")" ] || fail "$1 was to be a part of $2, but has $got bytes"
  cmp -n "$got" -- "$1" "$2" >&2 || fail "the first $got bytes of $1 are not those of $2"
}

# has FILE PATTERN WHAT: a line of a log or header dump matches (extended, any case).
has() {
  grep -aqiE -- "$2" "$1" || fail "$3: nothing like '$2' in what $NAME saw:
$(tail -n 40 "$1")"
}

# field HEADERS NAME: the value of a field in a dump of headers, without its line end.
field() {
  sed -n "s/^$2: *//Ip" "$1" | tail -n 1 | tr -d '\r'
}
