#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to tokens of Google and Azure and credentials of AWS whose keys are in a TPM, on a bare
# Debian 12 or 13. Installs what is missing (as root), builds, starts a private software TPM and a
# stand-in for the clouds on the loopback, and uses them. Nothing is sent anywhere and nothing of this
# machine's own TPM is touched. TPMCLOUD_BUILD_DIR moves the build tree.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${TPMCLOUD_BUILD_DIR:-$source_dir/build}/quickstart
packages=(gcc cmake ninja-build pkg-config libc6-dev libssl-dev libcurl4-openssl-dev libtss2-dev
  libcjson-dev swtpm tpm2-tools openssl python3 python3-jwt python3-cryptography python3-botocore)
swtpm_pid=
cloud_pid=
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
  local pid
  for pid in $swtpm_pid $cloud_pid; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
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

# Steers the stand-in.
cloud() {
  /usr/bin/python3 -B "$source_dir/tests/cloud/cloud_control.py" "$1" "$work/cloud" "${@:2}"
}

# A stand-in for the clouds that checks requests as strictly as it can. It knows an account of Google by
# its public key, and a user of AWS, whose secret access key AWS knows too, for it made it.
start_cloud() {
  local secret
  secret=$(head -c 30 /dev/urandom | base64)
  printf '%s\n' "$secret" >"$work/secret-access-key"
  cat >"$work/cloud.json" <<JSON
{"region": "$region",
 "keys": {"$access_key": {"secret": "$secret", "arn": "arn:aws:iam::$account:user/robot", "user_id": "AIDAEXAMPLE"}},
 "roles": {"$role": {}},
 "google": {"service_accounts": {"$email": {"keys": {"$key_id": {"file": "$work/public.pem"}}}}}}
JSON
  printf '  $ %s &\n' "tests/cloud/cloud_server.py --state cloud --config cloud.json"
  /usr/bin/python3 -B "$source_dir/tests/cloud/cloud_server.py" --state "$work/cloud" --config "$work/cloud.json" >"$work/cloud.log" 2>&1 &
  cloud_pid=$!
  if ! cloud wait; then
    cat "$work/cloud.log" >&2
    exit 1
  fi
  # shellcheck disable=SC1091
  . "$work/cloud/ready"
  echo "  ready at $CLOUD_URL; the flags that lead there, such as --endpoint and --ca-file, are not shown below"
}

# Shows the words before --, and runs them with those behind it too. What they print of secrets is cut.
run_here() {
  local shown=()
  printf '  $'
  while [ "$1" != -- ]; do
    shown+=("$1")
    printf ' %q' "$1"
    shift
  done
  shift
  printf '\n'
  "${shown[@]}" "$@" --ca-file "$CLOUD_CA" |
    sed -E 's/("(SecretAccessKey|SessionToken|access_token|id_token)": ?"[^"]{6})[^"]*"/\1..."/g'
}

# What one does in Google's console: gives a workload identity pool the key set of an issuer.
register_issuer() {
  cloud config "{\"google\": {\"pools\": {\"$pool\": {\"issuer\": \"$issuer\",
    \"jwks_file\": \"$work/site/.well-known/jwks.json\"}}}}"
  echo "  uploaded site/.well-known/jwks.json to the provider of a workload identity pool"
}

# What one does in AWS's console: names the authority as a trust anchor, and a role for a profile.
register_authority() {
  cloud config "{\"rolesanywhere\": {\"trust_anchors\": {\"$trust_anchor\": {\"file\": \"$work/authority.pem\"}},
    \"profiles\": {\"$profile\": {\"roles\": [\"$role\"]}}}}"
  echo "  registered authority.pem as a trust anchor, with a profile for $role"
}

# What one does in Azure's portal: uploads a certificate for an application.
register_application() {
  cloud config "{\"entra\": {\"tenants\": {\"$tenant\": {\"domains\": [\"contoso.onmicrosoft.com\"],
    \"apps\": {\"$client\": {\"certificates\": [{\"file\": \"$work/app-certificate.pem\"}]}}}}}}"
  echo "  registered app-certificate.pem for the application $client"
}

write_aws_config() {
  {
    printf '[profile by-access-key]\ncredential_process = %s\n' \
      "tpmcloud aws-hmac credentials --keyfile $work/aws.pem --aws-access-key-id $access_key --region $region --assume-role-arn $role --role-session-name robot --endpoint $CLOUD_URL --ca-file $CLOUD_CA"
    printf '[profile by-certificate]\ncredential_process = %s\n' \
      "tpmcloud aws-rolesanywhere credentials --keyfile $work/device.pem --public-certificate-file $work/certificate.pem --trust-anchor-arn $trust_anchor --profile-arn $profile --role-arn $role --endpoint $CLOUD_URL --ca-file $CLOUD_CA"
  } >"$work/aws-config"
}

# botocore, which is under AWS's command line and boto3, runs the program by itself.
use_sdk() {
  AWS_CONFIG_FILE=$work/aws-config AWS_SHARED_CREDENTIALS_FILE=/dev/null /usr/bin/python3 - "$region" "$CLOUD_URL" "$CLOUD_CA" <<'PYTHON'
import sys

import botocore.session

region, url, authorities = sys.argv[1:]
for profile in ("by-access-key", "by-certificate"):
    session = botocore.session.Session(profile=profile)
    sts = session.create_client("sts", region_name=region, endpoint_url=url, verify=authorities)
    print(f"  profile {profile}: botocore is {sts.get_caller_identity()['Arn']}")
PYTHON
}

trap clean_up EXIT
umask 077
work=$(mktemp -d)
key_id=0123456789abcdef0123456789abcdef01234567
email=robot@example.iam.gserviceaccount.com
region=eu-central-1
account=123456789012
access_key=AKIAIOSFODNN7EXAMPLE
role=arn:aws:iam::$account:role/deploy
trust_anchor=arn:aws:rolesanywhere:$region:$account:trust-anchor/11111111-2222-3333-4444-555555555555
profile=arn:aws:rolesanywhere:$region:$account:profile/66666666-7777-8888-9999-000000000000
issuer=https://id.example.com/robots
pool=//iam.googleapis.com/projects/$account/locations/global/workloadIdentityPools/robots/providers/tpm
tenant=99999999-8888-7777-6666-555555555555
client=11111111-2222-3333-4444-555555555555
# Nothing of the caller's may decide which TPM is used or what is printed.
unset TPM2TOOLS_TCTI TPMCLOUD_TCTI TSS2_LOG PYTHONPATH PYTHONHOME "${!AWS_@}"
export no_proxy=localhost,127.0.0.1

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

step "8. Start a stand-in for the clouds on this machine"
start_cloud

step "9. Google with a request: an access token of the service account"
run_here tpmcloud gcp token --kind access --keyfile key.pem --password-file password --email "$email" --keyid "$key_id" --format json \
  -- --token-uri "$CLOUD_URL/token"

step "10. Google without any account's key: a key made in the TPM is the issuer (workload identity federation)"
run tpmcloud key create --algorithm ecc256 --out device.pem
run tpmcloud gcp oidc-documents --keyfile device.pem --issuer "$issuer" --out site
register_issuer
run_here tpmcloud gcp token --kind federated --keyfile device.pem --issuer "$issuer" --federation-subject robot-7 \
  --pool-audience "$pool" --format json -- --sts-endpoint "$CLOUD_URL"

step "11. Azure: a key made in the TPM, and its own certificate"
run tpmcloud key create --algorithm rsa2048 --out app.pem
run tpmcloud key certificate --keyfile app.pem --subject CN=robot --out app-certificate.pem
register_application
run_here tpmcloud azure token --keyfile app.pem --certificate-path app-certificate.pem --tenant-id contoso.onmicrosoft.com \
  --client-id "$client" --scopes https://management.azure.com/.default --format json -- --authority-host "$CLOUD_URL"

step "12. AWS with an access key: import its secret into the TPM, and become a role"
run tpmcloud key import --aws --in secret-access-key --out aws.pem
run shred -u secret-access-key
run_here tpmcloud aws-hmac caller-identity --keyfile aws.pem --aws-access-key-id "$access_key" --region "$region" -- --endpoint "$CLOUD_URL"
run_here tpmcloud aws-hmac credentials --keyfile aws.pem --aws-access-key-id "$access_key" --region "$region" --assume-role-arn "$role" \
  -- --endpoint "$CLOUD_URL"

step "13. AWS without any secret: the certificate of a key in the TPM (Roles Anywhere)"
run tpmcloud key csr --keyfile device.pem --subject "CN=device 7" --out request.pem
/usr/bin/python3 -B "$source_dir/tests/cloud/cloud_pki.py" root authority.pem authority.key
/usr/bin/python3 -B "$source_dir/tests/cloud/cloud_pki.py" issue authority.pem authority.key request.pem "device 7" >certificate.pem
echo "  an authority of our own certified request.pem: certificate.pem"
register_authority
run_here tpmcloud aws-rolesanywhere credentials --keyfile device.pem --public-certificate-file certificate.pem \
  --trust-anchor-arn "$trust_anchor" --profile-arn "$profile" --role-arn "$role" -- --endpoint "$CLOUD_URL"

step "14. Let AWS's own SDK use both, by credential_process"
write_aws_config
use_sdk

step "15. See that nothing stays in the TPM"
for what in handles-transient handles-loaded-session; do
  run tpm2_getcap "$what" | tee "$work/handles"
  if [ "$(grep -c '0x' "$work/handles")" != 0 ]; then
    echo "the TPM still holds something" >&2
    exit 1
  fi
done
echo "  nothing is left"
