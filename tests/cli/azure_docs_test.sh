#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every shell line of docs/azure.md, and the example for Azure, against a software TPM and the local cloud.
# usage: azure_docs_test.sh PROGRAM [EXAMPLE...]; 77 without the Python package that the local cloud needs.
set -euo pipefail

program=$1
shift
# shellcheck source=docs_page.sh
. "$(dirname "${BASH_SOURCE[0]}")/docs_page.sh"
tenant=72f988bf-86f1-41af-91ab-2d7cd011db47
client=11111111-2222-3333-4444-555555555555
issuer=https://id.example.com/robots

# Sends form fields, if any, and prints the answer.
ask_cloud() {
  /usr/bin/python3 - "$CLOUD_CA" "$@" <<'PYTHON'
import ssl
import sys
import urllib.parse
import urllib.request

authorities, url, *fields = sys.argv[1:]
context = ssl.create_default_context(cafile=authorities)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
body = urllib.parse.urlencode(dict(field.split("=", 1) for field in fields)).encode() if fields else None
print(opener.open(url, body).read().decode())
PYTHON
}

docs_begin
cat >cloud.json <<JSON
{"entra": {
  "tenants": {"$tenant": {"domains": ["contoso.onmicrosoft.com", "contoso.onmicrosoft.us"], "apps": {"$client": {
    "certificates": [{"file": "$work/certificate.pem"}],
    "federated": [{"issuer": "$issuer", "subject": "robot-7", "jwks_file": "$work/site/.well-known/jwks.json"}]}}}},
  "adfs": {"apps": {"$client": {"certificates": [{"file": "$work/certificate.pem"}], "resources": ["https://reports.contoso.com"]}}}}}
JSON
docs_start "$program"
docs_fence azure.md json >credential.json

# The page's commands go to Azure: these lead them here, where a host is the first part of the path.
docs_stub tpmcloud <<'SH'
#!/bin/bash
words=()
host=
while [ $# -gt 0 ]; do
  case $1 in
  --region)
    host=/$2.login.microsoft.com
    shift
    ;;
  --authority-host)
    host=/${2#https://}
    shift
    ;;
  *) words+=("$1") ;;
  esac
  shift
done
case "${words[0]} ${words[1]}" in
"azure token" | "azure on-behalf-of")
  words+=(--authority-host "$CLOUD_URL$host" --ca-file "$CLOUD_CA")
  ;;
esac
exec "$PROGRAM" "${words[@]}"
SH
docs_stub curl <<'SH'
#!/bin/bash
[ -n "$CURL" ] || exit 0
exec "$CURL" --noproxy '*' -sS -k --fail -H @- "$CLOUD_URL/entra/check"
SH
docs_stub_caller az
ask_cloud "$CLOUD_URL/entra/user-token?tenant=$tenant&client=$client&user=ann" >user-token
claims=$(printf '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}' | base64 -w0)
export claims
mkdir run
docs_run azure.md 14
test "$(stat -c %a run/token)" = 600

# What the page's timer runs, and that Entra takes what it writes.
rm run/token
read -r -a words < <(docs_fence azure.md ini | sed -n "s/^ExecStart=//; s|/run/robot|$work/run|; s|/etc/robot|$work|; /^.usr.bin/p")
"$program" "${words[@]:1}"
ask_cloud "$CLOUD_URL/$tenant/oauth2/v2.0/token" grant_type=client_credentials "client_id=$client" \
  scope=https://management.azure.com/.default client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  "client_assertion=$(cat run/token)" | grep -q '"access_token"'
echo "the file of AZURE_FEDERATED_TOKEN_FILE works"

# A person is told the flag.
! "$program" azure token --keyfile app.pem --federation-issuer "$issuer/" --federation-subject robot-7 --tenant-id "$tenant" \
  --client-id "$client" --scopes https://graph.microsoft.com/.default --authority-host "$CLOUD_URL" --ca-file "$CLOUD_CA" >out 2>err
grep -q 'compare option --federation-issuer letter for letter' err

# Each example by its name.
for example in "$@"; do
  case $example in
  *azure_token)
    "$example" app.pem certificate.pem "$tenant" "$client" https://graph.microsoft.com/.default "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out
    grep -q '^eyJ.*\..*\.' out
    ! "$example" app.pem certificate.pem "$tenant" other https://graph.microsoft.com/.default "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out 2>err
    grep -q AADSTS700016 err
    grep -q 'trace id [0-9a-f-]' err
    test ! -s out
    ;;
  *)
    echo "no test for $example"
    exit 1
    ;;
  esac
  echo "$(basename "$example") works"
done
