#!/usr/bin/env bash
# Puts every plugin of a build through the whole validator: `scripts/check-plugins.sh FOLDER`. A rule that a plugin breaks must stand in its README,
# between backticks, with the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
built="$1"
failed=0
for readme in plugins/*/*/Cargo.toml; do
    folder="$(dirname "$readme")"
    name="$(sed -n 's/^name = "\(.*\)"/\1/p' "$folder/Cargo.toml")"
    file="$built/lib${name//-/_}.so"
    echo "-- $name"
    report="$("$built/jackfield" plugin check "$file" --json)" && continue
    broken="$(grep -o '"rule": "[a-z-]*"' <<<"$report" | cut -d'"' -f4 | sort -u)"
    [ -n "$broken" ] || { echo "it could not be checked"; failed=1; }
    for rule in $broken; do
        if grep -q "\`$rule\`" "$folder/README.md" 2>/dev/null; then
            echo "breaks $rule, as its README says"
        else
            echo "breaks $rule: run \`jackfield plugin check $file\`"
            failed=1
        fi
    done
done
exit "$failed"
