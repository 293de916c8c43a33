#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every shell line of docs/gcp.md, and the examples for Google, against a software TPM and the local cloud.
# usage: gcp_docs_test.sh PROGRAM [EXAMPLE...]; 77 without the Python package that the local cloud needs.
set -euo pipefail

program=$1
shift
# shellcheck source=docs_page.sh
. "$(dirname "${BASH_SOURCE[0]}")/docs_page.sh"
domain=example.iam.gserviceaccount.com
robot=robot@$domain
key_id=0123456789abcdef0123456789abcdef01234567
issuer=https://id.example.com/robots
location=//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/robots
pool=$location/providers/tpm
machine=principal:$location/subject/robot-7

docs_begin

# What Google's console and gdcloud hand out, one member a line.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem 2>/dev/null
openssl pkey -in private.pem -pubout -out public.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out gdch-private.pem
openssl pkey -in gdch-private.pem -pubout -out gdch-public.pem
cat >cloud.json <<JSON
{"google": {
  "service_accounts": {
    "$robot": {"keys": {"uploaded": {"file": "$work/certificate.pem"}, "$key_id": {"file": "$work/public.pem"}},
      "delegation": {"users": ["ann@example.com"], "scopes": ["https://www.googleapis.com/auth/gmail.readonly"]},
      "iam": {"serviceAccount:$robot": "*"}},
    "target@$domain": {"iam": {"serviceAccount:$robot": "*", "serviceAccount:middle@$domain": "*", "$machine": "*"}},
    "middle@$domain": {"iam": {"serviceAccount:$robot": ["iam.serviceAccounts.implicitDelegation"]}}},
  "pools": {"$pool": {"issuer": "$issuer", "jwks_file": "$work/site/.well-known/jwks.json", "subjects": ["robot-7"]}},
  "gdch": {"system:serviceaccount:example:robot": {"keys": {"gdch-key": {"file": "$work/gdch-public.pem"}},
    "audiences": ["https://service.gdc.example.com"]}}}}
JSON
docs_start "$program"
/usr/bin/python3 - "$CLOUD_URL" "$robot" "$key_id" <<'PYTHON'
import json
import sys

url, email, key_id = sys.argv[1:]
account = {"type": "service_account", "project_id": "example", "private_key_id": key_id, "private_key": open("private.pem").read(),
           "client_email": email, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token"}
gdch = {"type": "gdch_service_account", "format_version": "1", "project": "example", "name": "robot", "private_key_id": "gdch-key",
        "private_key": open("gdch-private.pem").read(), "ca_cert_path": "ca.pem", "token_uri": url + "/authenticate"}
for path, document in (("service-account.json", account), ("gdch-account.json", gdch)):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
PYTHON
docs_fence gcp.md json >config.json

# The page's commands go to Google: these lead them here.
docs_stub tpmcloud <<'SH'
#!/bin/bash
words=()
kind=jwt
impersonates=0
while [ $# -gt 0 ]; do
  case $1 in
  --ca-file) shift ;;
  *)
    words+=("$1")
    [ "$1" != --kind ] || kind=$2
    [ "$1" != --impersonate ] || impersonates=1
    ;;
  esac
  shift
done
if [ "${words[0]} ${words[1]}" = "gcp token" ]; then
  words+=(--ca-file "$CLOUD_CA")
  case $kind in
  access | id) words+=(--token-uri "$CLOUD_URL/token") ;;
  federated) words+=(--sts-endpoint "$CLOUD_URL") ;;
  esac
  [ "$impersonates" = 0 ] || words+=(--iam-endpoint "$CLOUD_URL")
fi
exec "$PROGRAM" "${words[@]}"
SH
docs_stub curl <<'SH'
#!/bin/bash
[ -n "$CURL" ] || exit 0
exec "$CURL" --noproxy '*' -sS -k --fail -H @- "$CLOUD_URL/check"
SH
docs_stub_caller gcloud
docs_run gcp.md 20
test ! -e service-account.json
test ! -e gdch-account.json

# The credential configuration: what Google's libraries would run.
mapfile -t words < <(/usr/bin/python3 - "$work" <<'PYTHON'
import json
import sys

config = json.load(open("config.json", encoding="utf-8"))
command = config["credential_source"]["executable"]["command"]
print(config["audience"], *command.replace("/etc/robot", sys.argv[1]).split(" ")[1:], sep="\n")
PYTHON
)
GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=${words[0]} "$program" "${words[@]:1}" >subject.json 2>err
test ! -s err
/usr/bin/python3 - "$pool" "$issuer" <<'PYTHON'
import base64
import json
import sys

answer = json.load(open("subject.json", encoding="utf-8"))
payload = answer["id_token"].split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
assert answer["success"] and answer["expiration_time"] == claims["exp"], answer
assert (claims["aud"], claims["iss"], claims["sub"]) == ("https:" + sys.argv[1], sys.argv[2], "robot-7"), claims
PYTHON
echo "the executable of the credential configuration works"

# Each example by its name.
for example in "$@"; do
  case $example in
  *gcp_federated_token)
    "$example" device.pem | /usr/bin/python3 -m json.tool >jwks
    /usr/bin/python3 -m json.tool site/.well-known/jwks.json | cmp - jwks
    "$example" device.pem "$issuer" robot-7 "$pool" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out
    grep -q '^ya29\..' out
    ! "$example" device.pem "$issuer" robot-8 "$pool" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out 2>err
    grep -q federation_subject err
    test ! -s out
    ;;
  *gcp_token)
    "$example" key.pem "$robot" "$TPMCLOUD_TCTI" >out
    grep -q '^eyJ.*\..*\.' out
    ;;
  *)
    echo "no test for $example"
    exit 1
    ;;
  esac
  echo "$(basename "$example") works"
done
