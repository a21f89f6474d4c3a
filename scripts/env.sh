# Shared by the other scripts (source it, do not run it): where things are, and how we speak.
# State: stamps are files holding a hash of what a step was made from. A step whose stamp still
# agrees is skipped, so every script may be run again at any time. A stamp is written last: after a
# failure or a kill the step runs again from its start.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="$ROOT/.venv"
PY="$VENV/bin/python"
WEB="$ROOT/web"
SCREEN="$ROOT/src/indelible/server/web/screen"
STAMPS="$ROOT/.stamps"

say() { printf '%s\n' "· $*" >&2; }

fail() {
  printf '%s\n' "error: $*" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# One hash over files and folders (names and bytes) and over words; missing paths count as absent.
hash_of() {
  {
    local item
    for item in "$@"; do
      if [ -d "$item" ]; then
        find "$item" -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print0 \
          | LC_ALL=C sort -z | xargs -0 -r sha256sum
      elif [ -f "$item" ]; then
        sha256sum "$item"
      else
        printf '%s\n' "$item"
      fi
    done
  } | sha256sum | cut -d' ' -f1
}

stamp_agrees() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

write_stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
}

# Two `make` commands started together must not build the same thing twice at once.
with_lock() {
  local name="$1"
  shift
  mkdir -p "$STAMPS"
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$STAMPS/$name.lock"
    flock 9
  fi
  "$@"
  if command -v flock >/dev/null 2>&1; then
    exec 9>&-
  fi
}

apt_install() {
  say "installing $* with apt-get"
  apt-get update -qq >&2 || say "apt-get update reported an error; trying to install anyway"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}
