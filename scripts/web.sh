#!/usr/bin/env bash
# Builds the screen: web/ -> web/dist -> src/indelible/server/web/screen, where the service and the
# wheel take it from. Neither folder is committed. `web.sh modules` stops after `npm ci`.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

MODULES_STAMP="$WEB/node_modules/.stamp"
BUILD_STAMP="$STAMPS/screen"

web_sources() {
  hash_of "$WEB/src" "$WEB/public" "$WEB/index.html" "$WEB/package.json" "$WEB/package-lock.json" \
    "$WEB/vite.config.ts" "$WEB"/tsconfig*.json "$ROOT/scripts/web.sh"
}

modules() {
  local want
  want="$(hash_of "$WEB/package.json" "$WEB/package-lock.json" "$(node --version)")"
  stamp_agrees "$MODULES_STAMP" "$want" && return
  say "installing the screen's packages (npm ci)"
  (cd "$WEB" && npm ci --no-audit --no-fund --loglevel=error >&2)
  write_stamp "$MODULES_STAMP" "$want"
}

build() {
  local want
  want="$(web_sources)"
  if stamp_agrees "$BUILD_STAMP" "$want" && [ -f "$SCREEN/index.html" ]; then return; fi
  modules
  say "building the screen"
  rm -f "$BUILD_STAMP"
  (cd "$WEB" && npm run --silent build >&2)
  [ -f "$WEB/dist/index.html" ] || fail "the screen's build made no web/dist/index.html"
  # A running service may be serving the old files: change the folder in one step.
  rm -rf "$SCREEN.new" "$SCREEN.old"
  cp -R "$WEB/dist" "$SCREEN.new"
  if [ -e "$SCREEN" ]; then mv "$SCREEN" "$SCREEN.old"; fi
  mv "$SCREEN.new" "$SCREEN"
  rm -rf "$SCREEN.old"
  write_stamp "$BUILD_STAMP" "$want"
}

[ -f "$WEB/package.json" ] || fail "web/package.json is missing"
node_dir="$("$ROOT/scripts/node.sh")"
export PATH="$node_dir:$PATH"
case "${1:-build}" in
  modules) with_lock web modules ;;
  build) with_lock web build ;;
  *) fail "web.sh knows: modules, build" ;;
esac
