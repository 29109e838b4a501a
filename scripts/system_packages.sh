#!/bin/sh
# What pip cannot install: a browser, and a virtual display for the desktop tests.
set -eu
BIN=${BIN:-.venv/bin}

have() { command -v "$1" >/dev/null 2>&1; }

if ! "$BIN/python" -c 'from env.chromium import find_browser; find_browser()' 2>/dev/null; then
    browser=chromium
fi
have Xvfb || display="xvfb openbox"

if [ -n "${browser:-}${display:-}" ] && have apt-get && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    # shellcheck disable=SC2086 # two lists of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${browser:-} ${display:-} fonts-dejavu-core >/dev/null
elif [ -n "${browser:-}" ]; then
    "$BIN/playwright" install chromium
fi
"$BIN/python" -c 'from env.chromium import find_browser; print("browser:", find_browser())'
