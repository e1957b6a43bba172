#!/usr/bin/env bash
# Makes sure that what the tests need from the system is there: a Chromium for the browser tests. PostgreSQL comes from
# the system when it has one, else from the package index, so nothing has to be installed for it.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests."
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  command -v chromium >/dev/null && exit 0
fi
if [ "${CI:-}" = true ]; then
  echo "CI needs a Chromium for the browser tests and could not install one." >&2
  exit 1
fi
echo "No Chromium found: the browser tests will be skipped. Install one, e.g. 'sudo apt-get install chromium'."
