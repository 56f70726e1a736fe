#!/usr/bin/env bash
# Prints where Chromium is: $CHROMIUM, or the first of its usual names. Fails when there is none.
set -euo pipefail

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  [[ -n $name ]] && command -v "$name" && exit
done
exit 1
