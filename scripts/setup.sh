#!/usr/bin/env bash
# Makes the Python environment in .venv exactly as requirements.lock says, with this project in it.
# Uses `uv` where it is on PATH, else `python -m venv` and pip. Quick when nothing changed.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

CANDIDATES=(python3.14 python3.13 python3.12 python3.11 python3 python)

works() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Prints the interpreter to use: the newest that can make environments, else the newest that runs.
find_python() {
  local name first=""
  for name in "${CANDIDATES[@]}"; do
    works "$name" || continue
    if makes_venvs "$name"; then
      command -v "$name"
      return
    fi
    [ -n "$first" ] || first="$(command -v "$name")"
  done
  printf '%s' "$first"
}

no_python() {
  local found
  found="$(python3 --version 2>/dev/null || echo 'no python3')"
  fail "Indelible needs Python 3.11 or newer; found: $found. On Debian 12: apt-get install python3 python3-venv"
}

make_venv_with_pip() {
  local python
  python="$(find_python)"
  [ -n "$python" ] || no_python
  if ! makes_venvs "$python"; then
    if is_root && command -v apt-get >/dev/null 2>&1; then
      apt_install python3-venv
      python="$(find_python)"
    fi
    makes_venvs "$python" || fail "this Python cannot make environments; run: sudo apt-get install -y python3-venv"
  fi
  say "making .venv with $("$python" --version)"
  "$python" -m venv --clear "$VENV" \
    || fail "python -m venv failed; on Debian run: sudo apt-get install -y python3-venv"
}

make_venv_with_uv() {
  local python
  python="$(find_python)"
  say "making .venv with uv"
  uv venv --quiet --clear --python "${python:->=3.11}" "$VENV"
}

have_uv() { command -v uv >/dev/null 2>&1 && [ "${INDELIBLE_NO_UV:-}" = "" ]; }

venv_is_good() { [ -x "$PY" ] && works "$PY"; }

venv_has_pip() { "$PY" -m pip --version >/dev/null 2>&1; }

# Installs with uv, and with pip where there is no uv or uv cannot (another package source, say).
install() {
  if have_uv; then
    if uv pip install --quiet --python "$PY" "$@"; then return; fi
    say "uv could not install; trying pip"
    INDELIBLE_NO_UV=1
    venv_has_pip || make_venv_with_pip
  fi
  "$PY" -m pip install -qq --disable-pip-version-check "$@"
}

setup_python() {
  if ! venv_is_good; then
    if have_uv; then make_venv_with_uv; else make_venv_with_pip; fi
  elif ! have_uv && ! venv_has_pip; then
    make_venv_with_pip # made by uv once, and uv is gone now
  fi

  local lock_stamp="$VENV/.stamp-lock" lock_hash
  lock_hash="$(hash_of "$ROOT/requirements.lock" "$("$PY" -VV)")"
  if ! stamp_agrees "$lock_stamp" "$lock_hash"; then
    say "installing the locked Python packages (the first time takes some minutes)"
    install --require-hashes -r "$ROOT/requirements.lock"
    write_stamp "$lock_stamp" "$lock_hash"
  fi

  local project_stamp="$VENV/.stamp-project" project_hash
  project_hash="$(hash_of "$ROOT/pyproject.toml" "$ROOT/hatch_build.py" "at:$ROOT" "$lock_hash")"
  if ! stamp_agrees "$project_stamp" "$project_hash"; then
    say "installing Indelible itself, editable"
    install --no-deps --no-build-isolation --editable "$ROOT"
    write_stamp "$project_stamp" "$project_hash"
  fi
}

with_lock setup setup_python
