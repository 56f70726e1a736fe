#!/usr/bin/env bash
# Takes the pictures in docs/screens from the product itself, with Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

CHROMIUM=$(./scripts/chromium.sh) || { echo 'no Chromium: install it (Debian: chromium) or set CHROMIUM'; exit 1; }
export CHROMIUM
cd web/ui
[[ -d node_modules ]] || npm ci --no-audit --no-fund --loglevel=error
npm run --silent screenshots
