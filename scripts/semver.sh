#!/usr/bin/env bash
# Compares the SDK with the sources that are kept of its last published revision: `scripts/semver.sh [--if-there]`. A public item that is gone, or that
# would not compile any more where it was used, is an error.
#
# Installs cargo-semver-checks into target/tools if it is missing; that takes several minutes, and nothing else of the project needs it. With
# `--if-there` nothing is installed, and where the tool is missing the check is left out and that is said.
#
# Before it judges the SDK it judges a copy of the kept sources from which one public item was taken: if that passes, the check itself is broken.
set -euo pipefail
cd "$(dirname "$0")/.."

TOOL=0.51.0
KEPT=1.0
tools="$PWD/target/tools/semver"
work="$PWD/target/semver"
export PATH="$tools/bin:$PATH"

there() { [ "$(cargo semver-checks --version 2>/dev/null)" = "cargo-semver-checks $TOOL" ]; }
if ! there; then
    if [ "${1:-}" = --if-there ]; then
        echo "left out: cargo-semver-checks $TOOL is not installed; \`make semver\` installs it and runs this check"
        exit 0
    fi
    echo "installing cargo-semver-checks $TOOL into target/tools"
    CARGO_TARGET_DIR="${SEMVER_TARGET:-$work/build}" cargo install --locked --root "$tools" --version "$TOOL" cargo-semver-checks
    [ -n "${SEMVER_TARGET:-}" ] || rm -rf "$work/build"
fi

# Fresh copies each time: what is compared is what is kept, whatever was here before.
rm -rf "$work/kept" "$work/broken"
mkdir -p "$work/kept" "$work/broken"
tar -xzf "plugin-sdk/fixtures/$KEPT-sdk.tar.gz" -C "$work/kept"
tar -xzf "plugin-sdk/fixtures/$KEPT-sdk.tar.gz" -C "$work/broken"

# compare MANIFEST CRATE|--OPTION...: the tool's own copies of what it compares go to target/semver too.
compare() {
    local manifest="$1" crates=()
    shift
    for crate in "$@"; do
        case "$crate" in
        --*) crates+=("$crate") ;;
        *) crates+=(-p "$crate") ;;
        esac
    done
    CARGO_TARGET_DIR="$work/target" cargo semver-checks check-release --manifest-path "$manifest" --baseline-root "$work/kept" \
        --release-type minor "${crates[@]}"
}

sed -i 's/pub const fn ms(/pub(crate) const fn ms(/' "$work/broken/framework/core/src/units.rs"
if cmp -s "$work/kept/framework/core/src/units.rs" "$work/broken/framework/core/src/units.rs"; then
    echo "TimeDelta::ms is no longer where this script looks for it" >&2
    exit 1
fi
if compare "$work/broken/Cargo.toml" jackfield-core >"$work/broken.log" 2>&1; then
    cat "$work/broken.log"
    echo "a public item was taken away and nothing was said: the check itself does not work" >&2
    exit 1
fi
grep -q "TimeDelta::ms" "$work/broken.log" || {
    cat "$work/broken.log"
    echo "a public item was taken away, and something else was found fault with" >&2
    exit 1
}
echo "a public item that was taken away on purpose was found missing"

# A procedural macro has no items that this tool sees: what the macros make is seen in the crates that use them, and their own names are listed in
# plugin-sdk/sdk/public-api.txt.
#
# What stands behind the SDK's feature `transport` is shared by the transports of this repository and not promised to anybody yet (docs/compat.md).
compare Cargo.toml jackfield-abi jackfield-core
compare Cargo.toml jackfield-sdk --default-features
