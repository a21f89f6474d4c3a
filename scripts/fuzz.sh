#!/usr/bin/env bash
# Fuzzes each target for some seconds (default 60) with atheris, which is no part of .venv: it has
# wheels for Python 3.11 to 3.13 on Linux only. Findings and corpora are kept in .stamps/fuzz.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

seconds="${1:-60}"
place="$ROOT/.stamps/fuzz"
site="$place/site"
"$ROOT/scripts/setup.sh"
if ! "$PY" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'; then
  fail "atheris has no wheel for $("$PY" --version); make .venv with Python 3.11 to 3.13"
fi
if [ ! -d "$site/atheris" ]; then
  mkdir -p "$site"
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$PY" --require-hashes --target "$site" -r "$ROOT/fuzz/requirements.lock"
  else
    "$PY" -m pip install -qq --require-hashes --target "$site" -r "$ROOT/fuzz/requirements.lock"
  fi
fi
cd "$ROOT"
status=0
for target in event body query csv terminal; do
  corpus="$place/corpus/$target"
  mkdir -p "$corpus"
  say "fuzzing $target for $seconds s"
  PYTHONPATH="$ROOT:$ROOT/src:$site" "$PY" -m fuzz.targets "$target" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$place/$target-" "$corpus" "$ROOT/fuzz/seeds/$target" || status=1
done
exit "$status"
