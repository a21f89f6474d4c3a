#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests; as root it installs Debian's when missing.
# Without one it prints a line saying what to run and exits 3: the browser tests are then skipped,
# and named as skipped.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

find_chromium() {
  local name
  if [ -n "${INDELIBLE_CHROMIUM:-}" ] && [ -x "$INDELIBLE_CHROMIUM" ]; then
    printf '%s\n' "$INDELIBLE_CHROMIUM"
    return
  fi
  for name in /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    if [ -x "$name" ]; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

find_chromium && exit 0
if is_root && command -v apt-get >/dev/null 2>&1; then
  apt_install chromium || true
  find_chromium && exit 0
fi
printf '%s\n' "no Chromium here; run: sudo apt-get install -y chromium" >&2
exit 3
