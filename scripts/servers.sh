#!/usr/bin/env bash
# Looks for the servers that the capture tests start for themselves, each on a port and in a folder
# of its own: PostgreSQL and Redis. As root it installs Debian's when missing.
# Prints what it found, one `name path` a line. A test whose server is missing is skipped by name.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

find_postgres() {
  local folder
  for folder in "${INDELIBLE_POSTGRES:-}" /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
    if [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      printf 'postgres %s\n' "$folder"
      return
    fi
  done
  return 1
}

find_redis() {
  command -v redis-server >/dev/null 2>&1 && printf 'redis %s\n' "$(command -v redis-server)"
}

missing=()
find_postgres >/dev/null || missing+=(postgresql)
find_redis >/dev/null || missing+=(redis-server)
if [ ${#missing[@]} -gt 0 ] && is_root && command -v apt-get >/dev/null 2>&1; then
  apt_install "${missing[@]}" || true
fi
find_postgres || say "no PostgreSQL here; run: sudo apt-get install -y postgresql"
find_redis || say "no Redis here; run: sudo apt-get install -y redis-server"
exit 0
