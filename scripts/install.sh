#!/bin/sh
# Installs a hash-pinned lock file into .venv, and says in one sentence what is missing when it can't.
# Usage: sh scripts/install.sh requirements.lock
set -eu
lock="$1"

say() { printf '%s\n' "$*" >&2; }

supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        supported "$PYTHON" && { echo "$PYTHON"; return; }
        say "PYTHON=$PYTHON is not Python 3.11 or newer; name one that is, for example make run PYTHON=python3.12."
        return 1
    fi
    # 3.11 and 3.12 first: for these the embedded Redis comes ready-made; newer ones must compile it.
    for candidate in python3.12 python3.11 python3; do
        supported "$candidate" && has_venv "$candidate" && { echo "$candidate"; return; }
    done
    supported python3 && { echo python3; return; }
    if command -v python3 >/dev/null; then
        say "Python 3.11 or newer is needed, but $(command -v python3) is $(python3 -V 2>&1);" \
            "install a newer one or name it, for example make run PYTHON=python3.12."
    else
        say "Python 3.11 or newer is needed, but there is no python3; install it, for example apt-get install python3."
    fi
    return 1
}

# Debian and Ubuntu split venv off python3.
install_venv_package() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else return 1; fi
    say "This Python has no venv; installing the package python3-venv ..."
    $sudo apt-get -qq update >&2 && $sudo apt-get -qq install -y --no-install-recommends python3-venv >&2
}

if ! .venv/bin/python -c '' 2>/dev/null; then
    python="$(choose_python)"
    if ! has_venv "$python"; then
        install_venv_package || :
        if ! has_venv "$python"; then
            say "$python can't make virtual environments; install its venv package, for example apt-get install python3-venv."
            exit 1
        fi
    fi
    say "Making .venv with $("$python" -V) ..."
    "$python" -m venv --clear .venv
fi

# The lock file names everything, so pip has nothing to look for (--no-deps). Python compiles a module when it is first used:
# compiling everything takes half as long again as installing it.
say "Installing $lock into .venv ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
    --no-deps --no-compile -r "$lock" || {
    say "$lock could not be installed, pip's messages are above; check the way to the package registry" \
        "(and, with Python 3.13 or newer, that a C compiler is there for the embedded Redis), then repeat the command."
    exit 1
}
