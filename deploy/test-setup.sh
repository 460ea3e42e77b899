#!/usr/bin/env bash
# Makes sure that what the tests need is there: Node, PostgreSQL and Chromium. Installs the last two where it may.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }

command -v go >/dev/null || fail "the tests need Go 1.26: https://go.dev/dl"
command -v npm >/dev/null || fail "the tests need Node 20 with npm"

missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get install -y --no-install-recommends ${missing[*]}"
sudo=""
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || fail "the tests need ${missing[*]}: run  sudo $line"
  sudo="sudo"
fi
command -v apt-get >/dev/null || fail "the tests need ${missing[*]}: install them with your package manager"
export DEBIAN_FRONTEND=noninteractive
$sudo $line >/dev/null || { $sudo apt-get update >/dev/null && $sudo $line >/dev/null; } || fail "could not install: $line"
