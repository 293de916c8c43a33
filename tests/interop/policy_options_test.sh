#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys whose files do not tell their policy, used with --pcr and --policy-file by every command: policy_options_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"
# shellcheck source=policies.sh
. "$here/policies.sh"

for tool in tpm2_policypcr tpm2_import tpm2_policysigned; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1
openssl genrsa -traditional -out rsakey.pem 2048 2>/dev/null
openssl pkey -in rsakey.pem -pubout -out rsapub.pem
zeros=$(printf '%064d' 0)

# json NAME ELEMENT...: the policy NAME.json.
json() {
  local name=$1 list
  shift
  list=$(printf '%s, ' "$@")
  printf '{"description": "a policy", "policy": [%s]}\n' "${list%, }" >"$name.json"
}

# --- a software key that is imported for a register, and converted -----------------------------------------------------------

policy register sha256 'tpm2_policypcr -l sha256:23'
made "the imported key" tpm2_import -Q -C h2.ctx -G rsa2048:rsassa:null -g sha256 -i rsakey.pem -u rsa.pub -r rsa.prv -L register.digest ||
  exit 1
expect "it is converted" 0 any key convert --public rsa.pub --private rsa.prv --out rsatpm.pem
json number "{\"type\": \"POLICYPCR\", \"pcrs\": [{\"pcr\": 23, \"hashAlg\": \"TPM2_ALG_SHA256\", \"digest\": \"$zeros\"}]}"
json text "{\"type\": \"POLICYPCR\", \"pcrs\": [{\"pcr\": \"23\", \"hashAlg\": \"SHA256\", \"digest\": \"$zeros\"}]}"
json now '{"type": "POLICYPCR", "currentPCRs": [23]}'
json banks '{"type": "POLICYPCR", "currentPCRandBanks": [{"hash": "SHA256", "pcrSelect": [23]}]}'

# all NAME FILE ARGS...: each command that uses an RSA key.
all() {
  local name=$1 file=$2
  shift 2
  rm -f request.pem certificate.pem token
  signs "$name" "$file" RS256 "$@"
  implies "$name" "$file" RS256 "$@"
  check "$name: it is the software's" cmp rsapub.pem <(tss2 public "$file")
  expect "$name: a certificate request" 0 '' key csr --keyfile "$file" --subject CN=device --out request.pem "$@"
  check "$name: the request verifies" openssl req -in request.pem -verify -noout
  expect "$name: a certificate" 0 '' key certificate --keyfile "$file" --subject CN=device --out certificate.pem "$@"
  check "$name: the certificate verifies" openssl verify -CAfile certificate.pem certificate.pem
  expect "$name: a token" 0 '' gcp token --keyfile "$file" --email device@example.iam.gserviceaccount.com --output-file token "$@"
  check "$name: the token verifies" token_verifies
}

token_verifies() {
  /usr/bin/python3 - <<'PYTHON'
import base64, subprocess
token = open("token").read().strip()
message, signature = token.rsplit(".", 1)
open("token.message", "w").write(message)
open("token.signature", "wb").write(base64.urlsafe_b64decode(signature + "=="))
subprocess.run(["openssl", "dgst", "-sha256", "-verify", "rsapub.pem", "-signature", "token.signature", "token.message"], check=True)
PYTHON
}

for words in '--pcr 23' '--pcr sha256:23' '--policy-file number.json' '--policy-file text.json' '--policy-file now.json' \
  '--policy-file banks.json'; do
  # shellcheck disable=SC2086
  signs "$words" rsatpm.pem RS256 $words
done
all "--pcr" rsatpm.pem --pcr 23
all "--policy-file" rsatpm.pem --policy-file number.json
unused "neither" 'policy[-_]file|--pcr' rsatpm.pem
refuses "both" 2 'pcr.*policy[-_]file|policy[-_]file.*pcr' sign --keyfile rsatpm.pem --in message --out signature --pcr 23 \
  --policy-file number.json
unused "another register" 'polic|PCR' rsatpm.pem --pcr 22
unused "another bank" 'polic|PCR' rsatpm.pem --pcr sha1:23
unused "one register more" 'polic|PCR' rsatpm.pem --pcr 23,22
json other "{\"type\": \"POLICYPCR\", \"pcrs\": [{\"pcr\": 23, \"hashAlg\": \"SHA256\", \"digest\": \"${zeros/0/1}\"}]}"
TPMCLOUD_TCTI=$NO_TPM unused "another value is told without a TPM" "$(hex register.digest)" rsatpm.pem --policy-file other.json
measure 23 sha256
unused "--pcr: the register has changed" 'polic|PCR' rsatpm.pem --pcr 23
changed "--policy-file: the register has changed" 23 sha256 rsatpm.pem --policy-file number.json
check "the value that is wanted is told" said "$zeros"
check "the value that is found is told" said "$(tpm2_pcrread sha256:23 | sed -n 's/.*23: 0x//p' | tr 'A-F' 'a-f')"
unused "--policy-file, values of now: the register has changed" 'polic|PCR' rsatpm.pem --policy-file now.json
forget 23

# The same key as a pair, and held in the TPM.
persistent() {
  tpm2_load -Q -C h2.ctx -u rsa.pub -r rsa.prv -c rsa.ctx && tpm2_flushcontext -t && tpm2_evictcontrol -Q -C o -c rsa.ctx 0x81000010
}
rm -f signature
expect "a pair" 0 '' sign --public rsa.pub --private rsa.prv --pcr 23 --in message --out signature
check "a pair: the signature verifies" verify RS256 rsapub.pem signature message
made "a persistent key" persistent
for words in '--pcr 23' '--policy-file text.json'; do
  rm -f signature
  # shellcheck disable=SC2086
  expect "a persistent key, $words" 0 '' sign --handle 0x81000010 $words --in message --out signature
  check "a persistent key, $words: the signature verifies" verify RS256 rsapub.pem signature message
done
refuses "a persistent key without its policy" 1 'policy[-_]file|--pcr' sign --handle 0x81000010 --in message --out signature
measure 23 sha256
refuses "a persistent key: the register has changed" 1 'polic|PCR' sign --handle 0x81000010 --pcr 23 --in message --out signature
forget 23

# The policy is put into the file when it is told.
expect "it is converted with its policy" 0 any key convert --public rsa.pub --private rsa.prv --policy-file number.json --out told.pem &&
  all "a file that tells it" told.pem
expect "it is converted with the registers of now" 0 any key convert --public rsa.pub --private rsa.prv --pcr 23 --out now.pem &&
  signs "the registers of then" now.pem RS256
expect "it is not converted with other registers" 1 'authPolicy.*sha256:16' key convert --public rsa.pub --private rsa.prv \
  --pcr 16 --out never.pem
expect "it is not converted with another policy" 1 "$(hex register.digest)" key convert --public rsa.pub --private rsa.prv \
  --policy-file other.json --out none.pem
check "nothing is written" test ! -e none.pem

# --- several banks, password, HMAC -------------------------------------------------------------------------------------------

policy several sha384 'tpm2_policypcr -l sha1:1,2+sha256:16,23' tpm2_policyauthvalue
if bound several several -g sha384 -G ecc384 -a "$POLICED" -p abc; then
  tss2 write public=several.pub private=several.prv >several.pem
  json several '{"type": "POLICYPCR", "currentPCRandBanks": [{"hash": "SHA1", "pcrSelect": [1, 2]}, {"hash": "sha256", "pcrSelect": [16, 23]}]}' \
    '{"type": "POLICYAUTHVALUE"}'
  signs "two banks and a password" several.pem ES384 --policy-file several.json --password-file password
  unused "two banks and a wrong password" password several.pem --policy-file several.json --password-file wrong
  unused "two banks without the password" password several.pem --policy-file several.json
fi
policy two sha256 'tpm2_policypcr -l sha1:1,2+sha256:16,23'
if bound two two -G ecc256 -a "$POLICED"; then
  tss2 write public=two.pub private=two.prv >two.pem
  signs "--pcr with two banks" two.pem ES256 --pcr sha1:1,2+sha256:16,23
  unused "--pcr with the banks the other way round" 'polic|PCR' two.pem --pcr sha256:16,23+sha1:1,2
fi
openssl rand -out secret 32
if made "an HMAC key" tpm2_import -Q -C h2.ctx -G hmac -i secret -a 'noda|sign' -L register.digest -u hmac.pub -r hmac.prv; then
  tss2 write public=hmac.pub private=hmac.prv >hmac.pem
  for words in '--pcr 23' '--policy-file number.json'; do
    # shellcheck disable=SC2086
    macs "an HMAC key, $words" "$(hex secret)" sha256 --keyfile hmac.pem $words
  done
  refuses "an HMAC key without its policy" 1 'policy[-_]file|--pcr' hmac --keyfile hmac.pem --in message --hex
  measure 23 sha256
  refuses "an HMAC key: the register has changed" 1 'sha256' hmac --keyfile hmac.pem --policy-file number.json --in message --hex
  forget 23
fi
# Sealed data that serves as an HMAC key.
if made "sealed data" tpm2_create -Q -C h2.ctx -i secret -L register.digest -a 'fixedtpm|fixedparent|noda' -u sealed.pub -r sealed.prv; then
  tss2 write type=sealed public=sealed.pub private=sealed.prv >sealed.pem
  macs "sealed data, --pcr" "$(hex secret)" sha256 --keyfile sealed.pem --allow-sealed-hmac --pcr 23
  tss2 write type=sealed public=sealed.pub private=sealed.prv "policy=$(steps write "$(pcr sha256:23)")" >sealed.pem
  macs "sealed data whose file tells the policy" "$(hex secret)" sha256 --keyfile sealed.pem --allow-sealed-hmac
  measure 23 sha256
  refuses "sealed data: the register has changed" 1 'sha256' hmac --keyfile sealed.pem --allow-sealed-hmac --in message --hex
  forget 23
fi

# --- what only JSON can say --------------------------------------------------------------------------------------------------

index() {
  tpm2_nvdefine -Q -C o -s 8 -p nvpw -a "authread|authwrite|no_da" 0x01000002 && printf 12345678 >content &&
    tpm2_nvwrite -Q -P nvpw -i content 0x01000002
}
made "an NV index" index
printf 'nvpw\n' >nvpw
printf 4567 >operand
policy nv sha256 'tpm2_policynv -P nvpw -i operand --offset=3 0x01000002 eq'
if bound nv nv -G ecc256 -a "$POLICED"; then
  tss2 write public=nv.pub private=nv.prv >nv.pem
  json nv '{"type": "POLICYNV", "nvIndex": "0x01000002", "operandB": "34353637", "offset": 3, "operation": "EQ"}'
  signs "an NV index" nv.pem ES256 --policy-file nv.json --entity-password-file 0x01000002=nvpw
  unused "no password of the NV index" '0x01000002' nv.pem --policy-file nv.json
  unused "a wrong password of the NV index" '0x01000002' nv.pem --policy-file nv.json --entity-password-file 0x01000002=wrong
  printf 87654321 >content
  made "other content" tpm2_nvwrite -Q -P nvpw -i content 0x01000002
  unused "an NV index with other content" '0x01000002' nv.pem --policy-file nv.json --entity-password-file 0x01000002=nvpw
fi
policy or sha256 'tpm2_policyor sha256:register.digest,nv.digest'
if bound or or -G ecc256 -a "$POLICED"; then
  tss2 write public=or.pub private=or.prv >or.pem
  json or "{\"type\": \"OR\", \"branches\": [{\"name\": \"pcr\", \"description\": \"\", \"policy\": [{\"type\": \"PCR\",
    \"pcrs\": [{\"pcr\": 23, \"hashAlg\": \"SHA256\", \"digest\": \"$zeros\"}]}]}, {\"name\": \"nv\", \"description\": \"\", \"policy\":
    [{\"type\": \"NV\", \"nvIndex\": 16777218, \"operandB\": \"34353637\", \"offset\": 3}]}]}"
  signs "a branch" or.pem ES256 --policy-file or.json
  measure 23 sha256
  unused "neither branch" 'sha256.*23|23.*sha256' or.pem --policy-file or.json --entity-password-file 0x01000002=nvpw
  printf 12345678 >content
  made "the former content" tpm2_nvwrite -Q -P nvpw -i content 0x01000002
  signs "the other branch" or.pem ES256 --policy-file or.json --entity-password-file 0x01000002=nvpw
  forget 23
fi
# What a program cannot do, it says.
openssl pkey -in rsakey.pem -pubout -out public.pem
json signed "{\"type\": \"POLICYSIGNED\", \"keyPEM\": \"$(sed ':a;N;$!ba;s/\n/\\n/g' public.pem)\", \"publicKeyHint\": \"my card\"}"
run policy digest signed.json
judge "the digest of a policy with a signature" 0 ''
head -c 64 out | /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >signed.digest
if bound signed signed -G ecc256 -a "$POLICED"; then
  tss2 write public=signed.pub private=signed.prv >signed.pem
  unused "a signature is wanted" 'sign' signed.pem --policy-file signed.json
fi

# --- options that are wrong --------------------------------------------------------------------------------------------------

for value in sha256:24 sha999:1 23,23 sha256: 'sha256:1+sha256:2' 'x' ' 23' 23, ,23 -1 23-25; do
  refuses "--pcr '$value'" 2 '--pcr' sign --keyfile rsatpm.pem --in message --out signature "--pcr=$value"
done
refuses "--policy-file that is not there" 1 'nothing.json.*No such file|No such file.*nothing.json' sign --keyfile rsatpm.pem --in message \
  --out signature --policy-file nothing.json
mkdir folder
refuses "--policy-file that is a directory" 1 'folder' sign --keyfile rsatpm.pem --in message --out signature --policy-file folder
expect "a key without policy is made" 0 any key create --algorithm ecc256 --out plain.pem
refuses "--pcr for a key without policy" 1 'bound to none' sign --keyfile plain.pem --in message --out signature --pcr 23
refuses "--policy-file for a key without policy" 1 'bound to none' sign --keyfile plain.pem --in message --out signature \
  --policy-file number.json
for value in 0x01000002 =nvpw 0x01000002= 16777218=nvpw 0x40000001=nvpw 0x80000000=nvpw x=nvpw; do
  refuses "--entity-password-file '$value'" 2 '--entity-password-file|0x01|hierarch' sign --keyfile rsatpm.pem --pcr 23 --in message --out signature \
    --entity-password-file "$value"
done
refuses "--entity-password-file that is not there" 1 'nofile' sign --keyfile rsatpm.pem --pcr 23 --in message --out signature \
  --entity-password-file 0x01000002=nofile

conclude
