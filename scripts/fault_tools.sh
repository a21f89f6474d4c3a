#!/usr/bin/env bash
# The Debian tools of the fault tests: as root they are installed when missing. Otherwise nothing is
# done, and the tests that need one are skipped, with the name of its package.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

missing() {
  local pair
  for pair in strace:strace faketime:faketime mkfs.ext4:e2fsprogs "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || echo "${pair#*:}"
  done
}

# With `all` also what only the soak uses.
extra=()
if [ "${1:-}" = all ]; then extra=(mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs slowhttptest:slowhttptest); fi
mapfile -t packages < <(missing "${extra[@]}")
if [ "${#packages[@]}" -gt 0 ] && is_root && command -v apt-get >/dev/null 2>&1; then
  apt_install "${packages[@]}" || say "could not install ${packages[*]}"
fi
