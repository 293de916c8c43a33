#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program against a private software TPM: policies and the keys that are bound to them: policy_test.sh PROGRAM
set -u
# shellcheck source=cli.sh
. "$(dirname "$0")/cli.sh"

export TPM2TOOLS_TCTI=$SWTPM_TCTI

nowhere=swtpm:host=127.0.0.1,port=1
zeros=$(printf '%064d' 0)
auth_value=8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e

# tpm2 COMMAND ARGS...: one of tpm2-tools, which leave objects behind where there is no resource manager.
tpm2() {
  "tpm2_$1" "${@:2}" >"$work/tool" 2>&1 || { not_ok "tpm2_$1 works" "$(cat "$work/tool")"; return 1; }
  tpm2_flushcontext -t >/dev/null 2>&1
}

# trial COMMAND ARGS...: the digest that a trial session has after a policy command, in hexadecimal.
trial() {
  tpm2_startauthsession -Q -S trial.ctx && "tpm2_$1" -Q -S trial.ctx "${@:2}" -L trial.digest >/dev/null
  tpm2_flushcontext trial.ctx >/dev/null 2>&1
  od -An -v -tx1 trial.digest | tr -d ' \n'
}

# policy FILE STEP...: a policy in the TCG's language.
policy() {
  local file=$1 IFS=,
  shift
  printf '{"description":"a policy","policy":[%s]}\n' "$*" >"$file"
}

registers_now() {
  printf '{"type":"POLICYPCR","currentPCRandBanks":[{"hash":"TPM2_ALG_SHA256","pcrSelect":[%s]}]}' "$1"
}

password_step='{"type":"POLICYAUTHVALUE"}'
policy password.json "$password_step"
policy zeros.json "{\"type\":\"POLICYPCR\",\"pcrs\":[{\"pcr\":23,\"hashAlg\":\"TPM2_ALG_SHA256\",\"digest\":\"$zeros\"}]}"
policy now.json "$(registers_now 23)"
policy both.json "$(registers_now 23)" "$password_step"
policy owner.json '{"type":"POLICYSECRET","objectName":"40000001"}'

# signs NAME KEYFILE ARGS...: the P-256 key signs, and openssl verifies it.
signs() {
  local name=$1 keyfile=$2
  shift 2
  expect "$name signs" 0 '' sign --keyfile "$keyfile" --in message --out signature "$@"
  "$program" key public "$keyfile" >key.pub
  check "$name: openssl verifies it" openssl dgst -sha256 -verify key.pub -signature signature message
  rm -f signature
}

# --- policy digest -----------------------------------------------------------------------------------------------------------

for hash in sha1:af6038c78c5c962d37127e319124e3a8dc582e9b sha256:$auth_value; do
  expect "the ${hash%:*} of a password policy, without a TPM" 0 '' policy digest password.json --hash "${hash%:*}" --tcti $nowhere
  check "is right" test "$(cat out)" = "${hash#*:}"
done
for size in 384 512; do
  expect "its sha$size" 0 '' policy digest password.json --hash sha$size --tcti $nowhere
  check "is as long as it should be" test "$(wc -c <out)" = $((size / 4 + 1))
done
digest=$(trial policypcr -l sha256:23)
expect "the digest of fixed registers, without a TPM" 0 '' policy digest zeros.json --tcti $nowhere
check "is a trial session's" test "$(cat out)" = "$digest"
expect "the digest of registers as they are now" 0 '' policy digest now.json
check "is the same" test "$(cat out)" = "$digest"
input=now.json
expect "a policy from standard input" 0 '' policy digest -
check "has its digest" test "$(cat out)" = "$digest"
input=/dev/null
tpm2 pcrextend "23:sha256=$auth_value"
digest=$(trial policypcr -l sha256:23)
expect "the digest after an extend" 0 '' policy digest now.json
check "is another one" test "$(cat out)" = "$digest"
tpm2 pcrreset 23
refuse "registers of now without a TPM" 1 . none policy digest now.json --tcti $nowhere

printf '// a comment\n{"description":"d","policy":[{"type":"POLICYAUTHVALUE",},],}\n' >relaxed.json
expect "comments and trailing commas" 0 '' policy digest relaxed.json
check "are passed over" test "$(cat out)" = $auth_value
policy unknown.json '{"type":"POLICYMAGIC"}'
refuse "an unknown step" 1 'POLICYMAGIC' none policy digest unknown.json
refuse "a policy that is no JSON" 1 . none policy digest message
refuse "an empty policy file" 1 . none policy digest empty
policy none.json
refuse "a policy without steps" 1 'step' none policy digest none.json
head -c 70000 /dev/zero >huge
refuse "a policy file that is too long" 1 'more than 65536 bytes' none policy digest huge
refuse "a policy file that is not there" 1 "cannot open 'no.json'" none policy digest no.json
refuse "no policy file" 2 '--policy-file is missing' none policy digest
refuse "two policy files" 2 'takes one file' none policy digest now.json password.json
refuse "a hash that is none" 2 '--hash is .md5.*sha1, sha256' none policy digest now.json --hash md5

# --- policy show -------------------------------------------------------------------------------------------------------------

expect "show a policy" 0 '' policy show zeros.json
check "its first line has its digest" grep -q "^policy (sha256 $(trial policypcr -l sha256:23)):$" out
check "the step is there" grep -qE '^  1\. PolicyPCR sha256:23 digest [0-9a-f]{64}$' out
check "the register's value is there" grep -q "^      sha256:23 $zeros$" out
expect "show a policy of now" 0 '' policy show both.json
check "says so" grep -q '^  1. PolicyPCR sha256:23 with the values of now$' out
check "and has no digest" grep -q '^policy (sha256):$' out
expect "show with another hash" 0 '' policy show password.json --hash sha1
check "has its digest" grep -q '^policy (sha1 af6038c78c5c962d37127e319124e3a8dc582e9b):$' out
expect "show a policy with comments" 0 '' policy show relaxed.json
expect "show as JSON" 0 '' policy show password.json --json
check "is JSON" /usr/bin/python3 -c "
import json
policy = json.load(open('out'))
assert policy['digest'] == '$auth_value' and policy['steps'][0]['type'] == 'PolicyAuthValue', policy"
policy or.json '{"type":"POLICYOR","branches":[
  {"name":"boot","description":"as measured","policy":['"$(registers_now 16)"']},
  {"name":"\u001b[1mlamp","description":"","policy":[{"type":"POLICYAUTHVALUE"},{"type":"POLICYACTION","action":"light"}]}]}'
expect "show branches" 0 '' policy show or.json
check "the first" grep -q '^      branch "boot": as measured$' out
check "the second, with nothing that a terminal obeys" grep -qF "      branch \"\\x1b[1mlamp\" ($auth_value)" out
check "its steps" grep -q '^        2. PolicyAction "light"$' out
input=or.json
expect "show from standard input" 0 '' policy show -
input=message
refuse "show what is no policy from standard input" 1 'standard input holds no policy' none policy show -
input=/dev/null
refuse "show what is neither" 1 . none policy show message
refuse "show nothing" 2 'needs the path' none policy show

# --- a key that is bound to registers ----------------------------------------------------------------------------------------

expect "create a key bound to a register" 0 '' key create --algorithm ecc256 --pcr sha256:23 --out pcr.pem
signs "the bound key" pcr.pem
expect "show its policy" 0 '' policy show pcr.pem --tcti $nowhere
check "as a tree" grep -qE '^  1\. PolicyPCR sha256:23 digest [0-9a-f]{64}$' out
check "with its digest" grep -q "^policy (sha256 $(trial policypcr -l sha256:23)):$" out
expect "key show tells it too" 0 '' key show pcr.pem
check "in words" grep -qE '^  1\. PolicyPCR sha256:23 ' out
refuse "a hash for a key" 2 'a key has its own' none policy show pcr.pem --hash sha1
expect "it would hold" 0 '' policy check pcr.pem
check "it says so" grep -q '^policy: holds$' out
expect "a request with it" 0 '' key csr --keyfile pcr.pem --subject CN=bound --out bound.csr
check "openssl verifies the request" openssl req -in bound.csr -noout -verify
expect "a certificate with it" 0 '' key certificate --keyfile pcr.pem --subject CN=bound --out bound.crt
check "openssl verifies the certificate" openssl verify -CAfile bound.crt bound.crt
expect "create an RSA key bound to it" 0 '' key create --algorithm rsa2048 --pcr 23 --out rsa.pem
expect "a token with it" 0 '' gcp token --keyfile rsa.pem --email robot@example.iam.gserviceaccount.com
printf 'a secret' >secret
expect "import an HMAC key bound to it" 0 'trusted unseen' key import --hmac --in secret --pcr sha256:23 --out hmac.pem
expect "its HMAC" 0 '' hmac --keyfile hmac.pem --in message --hex
check "is openssl's" test "$(cat out)" = "$(openssl dgst -sha256 -hmac 'a secret' -r message | cut -d ' ' -f 1)"

tpm2 pcrextend "23:sha256=$auth_value"
found=$(tpm2_pcrread sha256:23 | grep -oiE '0x[0-9a-f]{64}' | cut -c 3- | tr 'A-F' 'a-f')
refuse "it does not sign after an extend" 1 '23' signature sign --keyfile pcr.pem --in message --out signature
refuse "nor does the HMAC key" 1 '23' mac hmac --keyfile hmac.pem --in message --out mac
expect "it would not hold" 1 'does not hold now' policy check pcr.pem
check "the report says so" grep -q '^policy: does not hold$' out
check "it names the register and what is in it" grep -qE "sha256:23 .*found $found$" out
expect "it would not hold, as JSON" 1 'does not hold now' policy check pcr.pem --json
check "with what was found" /usr/bin/python3 -c "
import json
check = json.load(open('out'))
step = check['ways'][0]['steps'][0]
assert not check['holds'] and step['result'] == 'fails' and step['registers'][0]['found'] == '$found', check"
tpm2 pcrreset 23
signs "after a reset of the register, it" pcr.pem

expect "create a key without a policy" 0 '' key create --algorithm ecc256 --out plain.pem
refuse "which there is nothing to show of" 1 'no policy' none policy show plain.pem
refuse "or to check" 1 'no policy' none policy check plain.pem
expect "key show is silent about it" 0 '' key show plain.pem
check "indeed" sh -c '! grep -qi "policy" out'
refuse "a register that there is not" 2 'option --pcr names a register that does not exist' bad.pem key create --pcr 24 --out bad.pem
refuse "a register and a file" 2 'two policies' bad.pem key create --pcr 23 --policy-file password.json --out bad.pem

# --- passwords ---------------------------------------------------------------------------------------------------------------

expect "create a key bound to a register and its password" 0 '' key create --algorithm ecc256 --policy-file both.json \
  --password-file password --out both.pem
signs "with its password, the key" both.pem --password-file password
refuse "without it, the key" 1 password signature sign --keyfile both.pem --in message --out signature
refuse "with a wrong one, the key" 1 password signature sign --keyfile both.pem --in message --out signature --password-file wrong
expect "check says what was not run" 0 '' policy check both.pem
check "namely the password" grep -qE '^    2\. PolicyAuthValue: not run' out

tpm2 changeauth -c owner ownerword
printf 'ownerword\n' >ownerword
expect "create a key bound to the owner's password" 0 '' key create --algorithm ecc256 --parent endorsement --policy-file owner.json \
  --out owner.pem
signs "with the owner's password, the key" owner.pem --ownerpassword-file ownerword
refuse "without it, the key" 1 . signature sign --keyfile owner.pem --in message --out signature
tpm2 changeauth -c owner -p ownerword

printf 'index word\n' >indexword
tpm2 nvdefine -C o 0x01800001 -s 8 -a 'authread|authwrite|no_da' -p 'index word'
printf '\001\002\003\004\005\006\007\010' | tpm2_nvwrite 0x01800001 -i- -P 'index word' >/dev/null
policy nv.json '{"type":"POLICYNV","nvIndex":"0x01800001","operandB":"0304","offset":2,"operation":"EQ"}'
expect "create a key bound to an index" 0 'no words for this policy.*--policy-file' key create --algorithm ecc256 --policy-file nv.json --out nv.pem
nv=(--keyfile nv.pem --policy-file nv.json --in message --out signature)
expect "with the password of the index, it signs" 0 '' sign "${nv[@]}" --entity-password '0x01800001=index word'
expect "and with its file" 0 '' sign "${nv[@]}" --entity-password-file 0x01800001=indexword
input=indexword
expect "and from standard input" 0 '' sign "${nv[@]}" --entity-password-file=0x01800001=-
input=/dev/null
rm -f signature
refuse "without it, it does not" 1 '0x01800001' signature sign "${nv[@]}"
refuse "with a wrong one neither" 1 '0x01800001|password' signature sign "${nv[@]}" --entity-password 0x01800001=x
expect "check runs no step with a password" 0 '' policy check nv.pem --policy-file nv.json --entity-password '0x01800001=index word'
printf '\000' | tpm2_nvwrite 0x01800001 -i- --offset 2 -P 'index word' >/dev/null
refuse "with another content, it does not sign" 1 'PolicyNV' signature sign "${nv[@]}" --entity-password '0x01800001=index word'

for text in 'index word' 0x01800001 0x1800001=a 0x0180000g=a =a 1800001=a; do
  refuse "a handle that is none" 2 '--entity-password must be a handle' none sign --keyfile nv.pem --entity-password "$text"
  check "the text is not repeated" sh -c '! grep -q "index word" err'
done
refuse "a handle without file" 2 '--entity-password-file must be a handle' none sign --keyfile nv.pem --entity-password-file file
refuse "a file without name" 2 'names no file' none sign --keyfile nv.pem --entity-password-file 0x01800001=
refuse "a file that is not there" 1 "cannot open 'no' to read the password of 0x01800001" signature sign "${nv[@]}" \
  --entity-password-file 0x01800001=no
refuse "one password twice" 2 '0x01800001 is given more than once' none sign --keyfile nv.pem --entity-password 0x01800001=a \
  --entity-password-file 0x01800001=indexword
refuse "an entity that has no password here" 2 . signature sign "${nv[@]}" --entity-password 0x40000001=a
refuse "two from standard input" 2 'only one password' none sign --keyfile nv.pem --entity-password-file 0x01800001=- \
  --entity-password-file 0x01800002=-
many=()
for number in $(seq 10 26); do
  many+=(--entity-password "0x018000$number=a")
done
refuse "too many of them" 2 'no more than 16' none sign --keyfile nv.pem "${many[@]}"

# --- signed policies ---------------------------------------------------------------------------------------------------------

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out signer.pem 2>/dev/null
openssl pkey -in signer.pem -pubout -out signer.pub
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem 2>/dev/null
pem=$(awk '{printf "%s\\n", $0}' signer.pub)
policy authorize.json "{\"type\":\"POLICYAUTHORIZE\",\"keyPEM\":\"$pem\"}"
expect "create a key bound to a signer" 0 '' key create --algorithm ecc256 --policy-file authorize.json --out updated.pem
expect "show it" 0 '' policy show updated.pem
check "no policy is signed yet" grep -qE '^  1\. PolicyAuthorize key [0-9a-f]{68}.*: no policy is signed yet$' out
refuse "it does not sign yet" 1 'no signed policy' signature sign --keyfile updated.pem --in message --out signature
expect "sign a policy" 0 '' policy sign --keyfile updated.pem --policy-file now.json --signing-key signer.pem --name "firmware 1"
check "the key file's mode is 0600" test "$(mode_of updated.pem)" = 600
signs "then it" updated.pem
expect "show the signed policy" 0 '' policy show updated.pem
check "by its name" grep -qE '^      policy "firmware 1" \([0-9a-f]{64}\)$' out
expect "check the signed policy" 0 '' policy check updated.pem
tpm2 pcrextend "23:sha256=$auth_value"
refuse "after an update it does not sign" 1 '23' signature sign --keyfile updated.pem --in message --out signature
cp updated.pem before.pem
expect "sign the new values to another file" 0 '' policy sign --keyfile updated.pem --policy-file now.json --signing-key signer.pem \
  --name "firmware 2" --out updated2.pem
check "the old file is as it was" cmp before.pem updated.pem
signs "with the new file, it" updated2.pem
tpm2 pcrreset 23
signs "with the old values too, it" updated2.pem
expect "replace a signed policy" 0 '' policy sign --keyfile updated2.pem --policy-file password.json --signing-key signer.pem \
  --name "firmware 1"
refuse "then the old values do no longer do" 1 . signature sign --keyfile updated2.pem --in message --out signature --password x
input=signer.pem
expect "the signing key from standard input" 0 '' policy sign --keyfile updated.pem --policy-file zeros.json --signing-key - --out -
check "the key file is on standard output" grep -q 'BEGIN TSS2 PRIVATE KEY' out
input=/dev/null
expect "a fixed policy is signed without a TPM" 0 '' policy sign --keyfile updated.pem --policy-file zeros.json \
  --signing-key signer.pem --out fixed.pem --tcti $nowhere
cp updated.pem before.pem
refuse "another signing key" 1 . new.pem policy sign --keyfile updated.pem --policy-file zeros.json --signing-key other.pem --out new.pem
refuse "a signing key that is none" 1 . new.pem policy sign --keyfile updated.pem --policy-file zeros.json --signing-key message \
  --out new.pem
refuse "a key that accepts no signed policies" 1 'PolicyAuthorize' new.pem policy sign --keyfile pcr.pem --policy-file zeros.json \
  --signing-key signer.pem --out new.pem
refuse "a key without a policy" 1 'no policy' new.pem policy sign --keyfile plain.pem --policy-file zeros.json --signing-key signer.pem \
  --out new.pem
refuse "policy and signing key from standard input" 2 'only one file' new.pem policy sign --keyfile updated.pem --policy-file - \
  --signing-key - --out new.pem
refuse "no signing key" 2 '--signing-key is missing' new.pem policy sign --keyfile updated.pem --policy-file zeros.json --out new.pem
check "what was refused changed nothing" cmp before.pem updated.pem

finish
