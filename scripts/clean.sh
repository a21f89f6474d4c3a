#!/usr/bin/env bash
# Removes what the scripts made. Data folders under var/ are left alone.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$ROOT"
rm -rf .venv .stamps dist build web/dist web/node_modules "$SCREEN" \
  .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
find src tests examples scripts bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
