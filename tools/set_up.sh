#!/bin/sh
# Makes a virtual environment of pinned packages: set_up.sh PYTHON VENV REQUIREMENTS [PROJECT], PROJECT as it is edited.
# Run by the Makefile; says plainly what is missing.
set -eu
python=$1
venv=$2
requirements=$3
project=${4-}

stop() {
    echo "error: $1" >&2
    echo "hint: $2" >&2
    exit 1
}

command -v "$python" >/dev/null || stop "$python is not installed." "On Debian: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$("$python" --version) is too old: BucketDrive needs 3.11." "Name a newer one: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "Python's venv module is not installed." "On Debian: apt-get install python3-venv"

echo "Setting up $venv (once, and again when $requirements changes) ..." >&2
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --no-compile --disable-pip-version-check --require-hashes -r "$requirements"
[ -z "$project" ] ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$project"
touch "$venv/ready"
