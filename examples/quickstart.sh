#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to a Google token whose key is in a TPM, on a bare Debian 12 or 13. Installs what is
# missing (as root), builds, starts a private software TPM and uses it. Nothing is sent anywhere and
# nothing of this machine's own TPM is touched. TPMCLOUD_BUILD_DIR moves the build tree.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${TPMCLOUD_BUILD_DIR:-$source_dir/build}/quickstart
packages=(gcc cmake ninja-build pkg-config libc6-dev libssl-dev libcurl4-openssl-dev libtss2-dev
  libcjson-dev swtpm tpm2-tools openssl python3 python3-jwt python3-cryptography)
swtpm_pid=
work=

bold= plain=
if [ -t 1 ]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi

step() {
  printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# Shows a command, then runs it.
run() {
  printf '  $'
  printf ' %q' "$@"
  printf '\n'
  "$@"
}

# Quiet unless it fails.
run_quietly() {
  printf '  $'
  printf ' %q' "$@"
  printf '\n'
  "$@" >"$work/log" 2>&1 || {
    tail -n 40 "$work/log" >&2
    exit 1
  }
}

clean_up() {
  if [ -n "$swtpm_pid" ]; then
    kill "$swtpm_pid" 2>/dev/null || true
    wait "$swtpm_pid" 2>/dev/null || true
  fi
  [ -z "$work" ] || rm -rf "$work"
}

install_missing() {
  local name missing=()
  command -v dpkg-query >/dev/null || return 0
  for name in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  if [ "${#missing[@]}" = 0 ]; then
    echo "  nothing is missing"
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    echo "missing packages; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  run_quietly apt-get update
  run_quietly apt-get install -y --no-install-recommends "${missing[@]}"
}

build() {
  run_quietly cmake -S "$source_dir" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DTPMCLOUD_BUILD_TESTS=OFF -DTPMCLOUD_BUILD_EXAMPLES=OFF
  run_quietly cmake --build "$build_dir" -j "$(nproc)"
}

# Prints a port that is free together with the next one: swtpm has a data and a control port.
free_port_pair() {
  /usr/bin/python3 - <<'PYTHON'
import random
import socket

while True:
    port = random.randrange(20000, 32000)
    try:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", port))
            two.bind(("127.0.0.1", port + 1))
    except OSError:
        continue
    print(port)
    break
PYTHON
}

start_tpm() {
  local port try
  port=$(free_port_pair)
  mkdir "$work/tpm"
  # What the program and tpm2-tools take as their default.
  export TPMCLOUD_TCTI=swtpm:host=127.0.0.1,port=$port
  export TPM2TOOLS_TCTI=$TPMCLOUD_TCTI
  set -- swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --flags not-need-init,startup-clear \
    --server "type=tcp,bindaddr=127.0.0.1,port=$port" --ctrl "type=tcp,bindaddr=127.0.0.1,port=$((port + 1))"
  printf '  $ %s &\n' "$*"
  "$@" >"$work/swtpm.log" 2>&1 &
  swtpm_pid=$!
  for try in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; then
      printf '  $ export TPMCLOUD_TCTI=%s\n' "$TPMCLOUD_TCTI"
      return
    fi
    kill -0 "$swtpm_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "the software TPM did not start ($try tries):" >&2
  cat "$work/swtpm.log" >&2
  exit 1
}

# A service-account file as Google's console hands it out, with a key that nobody else knows.
make_service_account() {
  run_quietly openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/private.pem"
  run openssl pkey -in "$work/private.pem" -pubout -out "$work/public.pem"
  printf '{"type": "service_account", "project_id": "example", "private_key_id": "%s", "private_key": "%s", "client_email": "%s"}\n' \
    "$key_id" "$(awk '{ printf "%s\\n", $0 }' "$work/private.pem")" "$email" >"$work/service-account.json"
  rm "$work/private.pem"
  echo "  wrote service-account.json for $email"
}

# Checks the token with PyJWT, under the public key that openssl wrote before the key went into the TPM.
verify_token() {
  /usr/bin/python3 - "$work/public.pem" "$1" <<'PYTHON'
import json
import sys

import jwt

public_key, token = open(sys.argv[1]).read(), sys.argv[2]
claims = jwt.decode(token, public_key, algorithms=["RS256"])
print("  the signature is good, says PyJWT", jwt.__version__)
print("  header", json.dumps(jwt.get_unverified_header(token)))
print("  claims", json.dumps(claims))
PYTHON
}

trap clean_up EXIT
umask 077
work=$(mktemp -d)
key_id=0123456789abcdef0123456789abcdef01234567
email=robot@example.iam.gserviceaccount.com
# Nothing of the caller's may decide which TPM is used or what is printed.
unset TPM2TOOLS_TCTI TPMCLOUD_TCTI TSS2_LOG PYTHONPATH PYTHONHOME

step "1. Install what is missing"
install_missing

step "2. Build"
build
PATH=$build_dir/src/cli:$PATH
run tpmcloud --version

step "3. Start a private software TPM"
start_tpm

cd "$work"
step "4. Make a throw-away service account"
make_service_account

step "5. Import its key into the TPM, with a password"
head -c 18 /dev/urandom | base64 >"$work/password"
run tpmcloud key import --in service-account.json --out key.pem --password-file password
rm service-account.json
run tpmcloud key show key.pem

step "6. Get a token"
printf '  $ tpmcloud gcp token --keyfile key.pem --password-file password --email %s --keyid %s\n' "$email" "$key_id"
token=$(tpmcloud gcp token --keyfile key.pem --password-file password --email "$email" --keyid "$key_id")
printf '%s\n' "$token"

step "7. Verify it with a tool that is not ours"
verify_token "$token"

step "8. See that nothing stays in the TPM"
for what in handles-transient handles-loaded-session; do
  run tpm2_getcap "$what" | tee "$work/handles"
  if [ "$(grep -c '0x' "$work/handles")" != 0 ]; then
    echo "the TPM still holds something" >&2
    exit 1
  fi
done
echo "  nothing is left"
