#!/usr/bin/env bash
# Installs what this machine lacks: `scripts/setup.sh run|test|bench`, each taking only its own needs.
#
# Made for a bare Debian 12 with Rust. Quick when everything is there, safe to run again, and it never replaces
# a tool that is present and new enough. Without root and without sudo it prints the line to run instead.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose="${1:-run}"
case "$purpose" in
    run | test | bench) ;;
    *)
        echo "usage: scripts/setup.sh run|test|bench" >&2
        exit 2
        ;;
esac

# ffmpeg's headers and libclang serve the media-file capture plugin; cmake serves the codecs that build C.
run_packages="gcc g++ cmake make pkg-config git curl ca-certificates clang libclang-dev
    libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev"
# Chromium and aiortc are the outside peers of the browser tests; ffmpeg makes their media files.
test_packages="chromium ffmpeg python3 python3-venv libopus-dev"
# Janus is the load anchor that the call host is measured against; iproute2 makes its network namespaces.
bench_packages="janus coturn libopus-dev iproute2 tcpdump valgrind libc6-dbg"

packages="$run_packages"
[ "$purpose" = test ] && packages="$packages $test_packages"
[ "$purpose" = bench ] && packages="$packages $test_packages $bench_packages"

say() { printf 'setup: %s\n' "$*"; }

missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
    done
}

install_packages() {
    command -v apt-get >/dev/null || {
        say "this is no Debian: install the equivalents of: $*"
        return
    }
    local missing as_root=()
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null; then
            as_root=(sudo)
        else
            say "packages are missing and there is neither root nor sudo here. Run as root:"
            say "    apt-get update && apt-get install -y --no-install-recommends $missing"
            exit 1
        fi
    fi
    say "installing: $missing"
    "${as_root[@]}" apt-get update -q
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
}

# The page's bundler wants Node.js 18, 20, 22 or newer, the driver of the browser tests 20 or newer; Debian 12 has 18: then a newer one goes
# under target/.
node_is_new_enough() {
    node -e 'const major = parseInt(process.versions.node); process.exit(major === 20 || major >= 22 ? 0 : 1)' 2>/dev/null
}

install_node() {
    PATH="$PWD/target/tools/node/bin:$PATH"
    node_is_new_enough && command -v npm >/dev/null && return
    if ! command -v npm >/dev/null; then
        install_packages nodejs npm
    fi
    node_is_new_enough && return
    say "Node.js 22 into target/tools/node (the machine's own is too old)"
    mkdir -p target/tools/node
    npm install --silent --no-save --no-package-lock --prefix target/tools/node node-linux-"$(node -p process.arch)"@22
    ln -sfn "node_modules/node-linux-$(node -p process.arch)/bin" target/tools/node/bin
}

install_rust_tool() { # name, version: a cargo subcommand from its published sources
    local name="$1"
    shift
    command -v "cargo-$name" >/dev/null && return
    say "cargo install cargo-$name"
    cargo install --locked --quiet "cargo-$name" "$@"
}

# A folder holds what a lock file says when it carries the lock file's checksum.
up_to_date() { [ -f "$2" ] && [ "$(sha256sum <"$1")" = "$(cat "$2")" ]; }

install_browser_driver() {
    local folder=hosts/call-host/tests/browser
    local stamp="$folder/node_modules/.installed"
    up_to_date "$folder/package-lock.json" "$stamp" && return
    say "npm ci in $folder"
    npm ci --silent --no-audit --no-fund --prefix "$folder"
    sha256sum <"$folder/package-lock.json" >"$stamp"
}

install_python_peer() {
    local lock=hosts/call-host/tests/browser/requirements.txt
    up_to_date "$lock" target/venv/.installed && return
    say "python packages of $lock into target/venv"
    mkdir -p target
    python3 -m venv target/venv
    target/venv/bin/pip install --quiet --disable-pip-version-check --requirement "$lock"
    sha256sum <"$lock" >target/venv/.installed
}

command -v cargo >/dev/null || {
    say "Rust is missing: install it with rustup, in the version that Cargo.toml names as rust-version"
    exit 1
}
# shellcheck disable=SC2086
install_packages $packages
install_node
if [ "$purpose" != run ]; then
    install_rust_tool nextest
    install_rust_tool fuzz
    install_browser_driver
    install_python_peer
fi
say "ready to $purpose"
