#!/usr/bin/env bash
# Builds the call host's web page into hosts/call-host/page/dist: `scripts/page.sh [build|test]`.
#
# Does nothing when neither the sources nor the lock file have changed since the last build.
set -euo pipefail
cd "$(dirname "$0")/../hosts/call-host/page"

fingerprint() { find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; }

if [ "$(sha256sum <package-lock.json)" != "$(cat node_modules/.installed 2>/dev/null)" ]; then
    npm ci --no-audit --no-fund
    sha256sum <package-lock.json >node_modules/.installed
fi

case "${1:-build}" in
    build)
        if [ -f dist/index.html ] && [ "$(fingerprint)" = "$(cat node_modules/.built 2>/dev/null)" ]; then
            echo "the page is up to date"
            exit 0
        fi
        npm run build
        fingerprint >node_modules/.built
        ;;
    test)
        npm test
        ;;
    *)
        echo "usage: scripts/page.sh [build|test]" >&2
        exit 2
        ;;
esac
