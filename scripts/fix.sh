#!/usr/bin/env bash
# Formats the code and mends what the tools can mend by themselves.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
"$VENV/bin/ruff" check --fix --quiet . || true # what is left is shown by `make test`
"$VENV/bin/ruff" format --quiet .
if [ -f "$WEB/package.json" ]; then
  "$ROOT/scripts/web.sh" modules
  node_dir="$("$ROOT/scripts/node.sh")"
  (cd "$WEB" && PATH="$node_dir:$PATH" npm run --silent --if-present fix)
fi
