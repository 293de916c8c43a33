#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every shell line of docs/aws.md, and the examples for AWS, against a software TPM and the local cloud.
# usage: aws_docs_test.sh PROGRAM [EXAMPLE...]; 77 without the Python package that the local cloud needs.
set -euo pipefail

program=$1
shift
# shellcheck source=docs_page.sh
. "$(dirname "${BASH_SOURCE[0]}")/docs_page.sh"
region=eu-central-1
account=arn:aws:iam::123456789012
access_key=AKIAIOSFODNN7EXAMPLE
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
anchor=arn:aws:rolesanywhere:$region:123456789012:trust-anchor/11111111-2222-3333-4444-555555555555
profile=arn:aws:rolesanywhere:$region:123456789012:profile/66666666-7777-8888-9999-000000000000

docs_begin
long_secret=$(printf '%080d' 7)
cat >cloud.json <<JSON
{"region": "*",
 "keys": {"$access_key": {"secret": "$secret", "arn": "$account:user/robot", "user_id": "AIDAROBOT"},
          "minio-user": {"secret": "$long_secret", "arn": "$account:user/minio", "user_id": "AIDAMINIO"}},
 "roles": {"$account:role/deploy": {}, "$account:role/any": {}},
 "mfa": {"$account:mfa/robot": {"codes": ["123456"]}},
 "rolesanywhere": {"trust_anchors": {"$anchor": {"file": "$work/ca.pem"}},
                   "profiles": {"$profile": {"roles": ["$account:role/deploy"]}}}}
JSON
docs_start "$program"

# The page's commands go to AWS: these lead them here.
docs_stub tpmcloud <<'SH'
#!/bin/bash
words=()
while [ $# -gt 0 ]; do
  case $1 in
  --endpoint | --ca-file) shift ;;
  *) words+=("$1") ;;
  esac
  shift
done
case "${words[0]} ${words[1]}" in
"aws-hmac credentials" | "aws-hmac caller-identity" | "aws-rolesanywhere credentials")
  words+=(--endpoint "$CLOUD_URL" --ca-file "$CLOUD_CA")
  ;;
esac
exec "$PROGRAM" "${words[@]}"
SH
docs_stub curl <<'SH'
#!/bin/bash
[ -n "$CURL" ] || exit 0
exec "$CURL" --noproxy '*' -sS -k --fail --connect-to "::localhost:${CLOUD_URL##*:}" "$@"
SH
docs_stub_caller aws

printf '%s\n' "$secret" >secret-access-key
printf '%s\n' "$long_secret" >minio-secret
docs_run aws.md 20

# Each example by its name.
for example in "$@"; do
  case $example in
  *aws_hmac_credentials)
    "$example" aws.pem "$access_key" "$region" - "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out
    grep -q '^AWS_SESSION_TOKEN=.' out
    "$example" aws.pem "$access_key" "$region" "$account:role/deploy" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out
    grep -q '^AWS_ACCESS_KEY_ID=ASIA' out
    ! "$example" aws.pem "$access_key" "$region" "$account:role/other" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out 2>err
    grep -q AccessDenied err
    test ! -s out
    ;;
  *aws_rolesanywhere_credentials)
    "$example" device.pem certificate.pem "$anchor" "$profile" "$account:role/deploy" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" |
      /usr/bin/python3 -c 'import json, sys; assert json.load(sys.stdin)["Version"] == 1'
    ! "$example" device.pem ca.pem "$anchor" "$profile" "$account:role/deploy" "$TPMCLOUD_TCTI" "$CLOUD_URL" "$CLOUD_CA" >out 2>err
    grep -q 'another key' err
    test ! -s out
    ;;
  *aws_sign_request)
    "$example" aws.pem "$access_key" "$region" s3 "https://bucket.s3.$region.amazonaws.com/a" "$TPMCLOUD_TCTI" >out
    grep -q '^Authorization: AWS4-HMAC-SHA256 Credential=AKIA' out
    ;;
  *)
    echo "no test for $example"
    exit 1
    ;;
  esac
  echo "$(basename "$example") works"
done
