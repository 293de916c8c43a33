#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys that the program binds to a policy: their files have the draft's form, and tpm2-tools use what is in them by hand:
# policy_bound_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"
# shellcheck source=policies.sh
. "$here/policies.sh"

for tool in tpm2_policypcr tpm2_sign tpm2_hmac; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1
openssl genrsa -out rsa.key 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out ecc.key
openssl rand -out secret 32

# drafted NAME FILE CODE...: the steps of a file are these, and by the draft's rule they lead to the key's authPolicy.
drafted() {
  local name=$1 file=$2
  shift 2
  check "$name: its steps" test "$(steps list "$file" | cut -d' ' -f1 | tr '\n' ' ')" = "$(printf '%08x ' "$@")"
  read -r found wanted <<<"$(steps digest "$file")"
  check "$name: they lead to the authPolicy" test "$found" = "$wanted"
}

# is_bound NAME FILE DIGEST: the authPolicy is that of a trial session.
is_bound() {
  local found wanted
  read -r found wanted <<<"$(steps digest "$2")"
  check "$1: the authPolicy is that of a trial session" test "$wanted" = "$(hex "$3.digest")"
}

# attributes FILE: objectAttributes in hexadecimal digits.
attributes() {
  steps parts "$1" part.pub part.prv && od -An -tx1 -j6 -N4 part.pub | tr -d ' \n'
}

closed() {
  check "$1: userWithAuth is clear" test $((0x$(attributes "$2") & 0x40)) -eq 0
}

# by_hand KIND FILE OUT COMMAND...: a signature or an HMAC by tpm2-tools; `+abc` after the session is the key's password.
by_hand() {
  local kind=$1 file=$2 password=$3 command words
  shift 3
  steps parts "$file" hand.pub hand.prv && tpm2_load -Q -C h2.ctx -u hand.pub -r hand.prv -c hand.ctx && tpm2_flushcontext -t || return
  tpm2_startauthsession -Q --policy-session -S session.ctx || return
  for command; do
    read -ra words <<<"$command"
    "${words[0]}" -Q -S session.ctx "${words[@]:1}" || return
  done
  if [ "$kind" = hmac ]; then
    tpm2_hmac -c hand.ctx -p "session:session.ctx$password" --hex -o hand.mac message
  else
    tpm2_sign -Q -c hand.ctx -g sha256 -s "$kind" -f plain -p "session:session.ctx$password" -o hand.sig message
  fi
}

# usable NAME KIND ALGORITHM FILE PASSWORD COMMAND...: by tpm2-tools, and OpenSSL accepts the signature.
usable() {
  local name=$1 kind=$2 algorithm=$3 file=$4
  shift 4
  made "$name: a signature by hand" by_hand "$kind" "$file" "$@" &&
    check "$name: tpm2-tools sign by hand" verify "$algorithm" <(tss2 public "$file") hand.sig message
}

PCR=0x17f
AUTH_VALUE=0x16b
policy pcr sha256 'tpm2_policypcr -l sha256:23'
policy pcr-auth sha256 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue
policy two sha256 'tpm2_policypcr -l sha1:1+sha256:16,23'

# --- --pcr -------------------------------------------------------------------------------------------------------------------

for kind in ecc256 rsa2048 ecc384; do
  scheme=ecdsa algorithm=ES256
  case $kind in rsa*) scheme=rsassa algorithm=RS256 ;; ecc384) algorithm=ES384 ;; esac
  name="$kind for a register"
  expect "$name is made" 0 any key create --algorithm $kind --pcr 23 --out pcr.pem || continue
  shows "$name" pcr.pem
  drafted "$name" pcr.pem $PCR
  is_bound "$name" pcr.pem pcr
  closed "$name" pcr.pem
  check "$name: the selection comes first" test "$(steps list pcr.pem)" = \
    "0000017f 00000001000b03000080$(registers sha256 sha256:23)"
  signs "$name" pcr.pem $algorithm
  [ $kind = ecc384 ] || usable "$name" $scheme $algorithm pcr.pem '' 'tpm2_policypcr -l sha256:23'
  measure 23 sha256
  changed "$name: it has changed" 23 sha256 pcr.pem
  if tools by_hand $scheme pcr.pem '' 'tpm2_policypcr -l sha256:23'; then not_ok "$name: nor by hand"; else ok "$name: nor by hand"; fi
  forget 23
  signs "$name: it is what it was" pcr.pem $algorithm
  expect "$name and a password is made" 0 any key create --algorithm $kind --pcr sha256:23 --password-file password --out locked.pem || continue
  drafted "$name and a password" locked.pem $PCR $AUTH_VALUE
  is_bound "$name and a password" locked.pem pcr-auth
  closed "$name and a password" locked.pem
  signs "$name and a password" locked.pem $algorithm --password-file password
  unused "$name and a password: none" password locked.pem
  unused "$name and a password: a wrong one" password locked.pem --password-file wrong
  [ $kind = ecc384 ] ||
    usable "$name and a password" $scheme $algorithm locked.pem +abc 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue
  rm -f pcr.pem locked.pem
done
expect "a key for registers of two banks is made" 0 any key create --algorithm ecc256 --pcr sha1:1+sha256:16,23 --out two.pem
drafted "registers of two banks" two.pem $PCR
is_bound "registers of two banks" two.pem two
signs "registers of two banks" two.pem ES256
usable "registers of two banks" ecdsa ES256 two.pem '' 'tpm2_policypcr -l sha1:1+sha256:16,23'

# The password alone will do where that is asked for.
expect "a key that its password opens too is made" 0 any key create --algorithm ecc256 --pcr 23 --password-file password --user-with-auth 1 \
  --out open.pem
is_bound "a key that its password opens too" open.pem pcr-auth
check "a key that its password opens too: userWithAuth is set" test $((0x$(attributes open.pem) & 0x40)) -ne 0
measure 23 sha256
signs "a key that its password opens too" open.pem ES256 --password-file password
forget 23

# --- imported and wrapped keys -----------------------------------------------------------------------------------------------

expect "the parent is told" 0 any key parent --out parent.pub
cp "$here/policies.sh" not-json
for source in rsa:rsassa:RS256 ecc:ecdsa:ES256; do
  IFS=: read -r kind scheme algorithm <<<"$source"
  name="an imported $kind key"
  expect "$name is bound" 0 any key import --in $kind.key --pcr 23 --out import.pem || continue
  drafted "$name" import.pem $PCR
  is_bound "$name" import.pem pcr
  closed "$name" import.pem
  signs "$name" import.pem $algorithm
  check "$name: it is the software's" cmp <(tss2 public import.pem) <(openssl pkey -in $kind.key -pubout)
  usable "$name" $scheme $algorithm import.pem '' 'tpm2_policypcr -l sha256:23'
  measure 23 sha256
  changed "$name: the register has changed" 23 sha256 import.pem
  forget 23
  rm -f import.pem
done
zeros=$(printf '%064d' 0)
cat >fixed.json <<JSON
{"description": "a register and a password",
 "policy": [{"type": "POLICYPCR", "pcrs": [{"pcr": "23", "hashAlg": "TPM2_ALG_SHA256", "digest": "$zeros"}]}, {"type": "POLICYAUTHVALUE"}]}
JSON
TPMCLOUD_TCTI=$NO_TPM expect "a wrapped key is bound without a TPM" 0 any key wrap --in ecc.key --parent-public parent.pub \
  --policy-file fixed.json --password-file password --out wrapped.pem
if [ -e wrapped.pem ]; then
  drafted "a wrapped key" wrapped.pem $PCR $AUTH_VALUE
  is_bound "a wrapped key" wrapped.pem pcr-auth
  closed "a wrapped key" wrapped.pem
  signs "a wrapped key" wrapped.pem ES256 --password-file password
  unused "a wrapped key without its password" password wrapped.pem
  measure 23 sha256
  changed "a wrapped key: the register has changed" 23 sha256 wrapped.pem --password-file password
  forget 23
fi

# --- HMAC keys ---------------------------------------------------------------------------------------------------------------

expect "an HMAC key is bound" 0 any key import --hmac secret --pcr 23 --password-file password --out hmac.pem
if [ -e hmac.pem ]; then
  drafted "an HMAC key" hmac.pem $PCR $AUTH_VALUE
  is_bound "an HMAC key" hmac.pem pcr-auth
  closed "an HMAC key" hmac.pem
  macs "an HMAC key" "$(hex secret)" sha256 --keyfile hmac.pem --password-file password
  refuses "an HMAC key without its password" 1 password hmac --keyfile hmac.pem --in message --hex
  made "an HMAC by hand" by_hand hmac hmac.pem +abc 'tpm2_policypcr -l sha256:23' tpm2_policyauthvalue &&
    check "it is the software's" test "$(cat hand.mac)" = "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex secret)" message | sed 's/.*= //')"
  measure 23 sha256
  refuses "an HMAC key: the register has changed" 1 'sha256.*23|23.*sha256' hmac --keyfile hmac.pem --in message --hex --password-file password
  forget 23
fi
expect "an HMAC key is made and bound" 0 any key create --algorithm hmac-sha256 --pcr 23 --out hmac-new.pem
is_bound "a new HMAC key" hmac-new.pem pcr
expect "a new HMAC key makes an HMAC" 0 '' hmac --keyfile hmac-new.pem --in message --hex
cp out ours
made "an HMAC by hand with the new key" by_hand hmac hmac-new.pem '' 'tpm2_policypcr -l sha256:23' &&
  check "it is the same" test "$(cat hand.mac)" = "$(tr -d '\n' <ours)"

# --- --policy-file, every kind that files have words for ----------------------------------------------------------------------

index() {
  tpm2_nvdefine -Q -C o -s 8 -p nvpw -a "authread|authwrite|no_da" 0x01000002 && printf 12345678 >content &&
    tpm2_nvwrite -Q -P nvpw -i content 0x01000002
}
made "an NV index" index
nv_name=$(name_of_nv 0x01000002)

# file_of NAME ALGORITHM ARGS -- CODE... -- HAND...: the policy NAME.json is bound; the file has these steps, the program signs with ARGS, and
# tpm2-tools by the commands HAND.
file_of() {
  local name=$1 arguments=() codes=() password=''
  shift
  while [ "$1" != -- ]; do arguments+=("$1"); shift; done
  shift
  while [ "$1" != -- ]; do codes+=("$1"); shift; done
  shift
  expect "$name is bound" 0 any key create --algorithm ecc256 --policy-file "$name.json" "${arguments[@]}" --out "$name.pem" || return
  drafted "$name" "$name.pem" "${codes[@]}"
  closed "$name" "$name.pem"
  shows "$name" "$name.pem"
  signs "$name" "$name.pem" ES256 "${arguments[@]}"
  [ ${#arguments[@]} -eq 0 ] || password=+abc
  usable "$name" ecdsa ES256 "$name.pem" "$password" "$@"
}

echo '{"description": "", "policy": [{"type": "AUTHVALUE"}]}' >auth.json
file_of auth --password-file password -- 0x16b -- tpm2_policyauthvalue
echo '{"description": "", "policy": [{"type": "PASSWORD"}, {"type": "COMMANDCODE", "code": "SIGN"}]}' >password.json
# The password crosses the bus in clear where tpm2-tools are told so; the digest is the same.
file_of password --password-file password -- 0x18c 0x16c -- tpm2_policyauthvalue 'tpm2_policycommandcode TPM2_CC_Sign' || true
echo '{"description": "", "policy": [{"type": "LOCALITY", "locality": ["ZERO", "THREE"]}, {"type": "PCR", "currentPCRs": [16, 23]}]}' >places.json
file_of places -- 0x16f 0x17f -- 'tpm2_policylocality 9' 'tpm2_policypcr -l sha256:16,23'
echo '{"description": "", "policy": [{"type": "SECRET", "objectName": "40000001"}]}' >owner.json
file_of owner -- 0x151 -- 'tpm2_policysecret -c o'
echo '{"description": "", "policy": [{"type": "SECRET", "objectName": "4000000b", "policyRef": "010203"}, {"type": "AUTHVALUE"}]}' >endorsement.json
printf '\001\002\003' >reference
file_of endorsement --password-file password -- 0x151 0x16b -- 'tpm2_policysecret -c e -q reference' tpm2_policyauthvalue
echo '{"description": "", "policy": [{"type": "COUNTERTIMER", "operandB": "0fffffffffffffff", "offset": 8, "operation": "UNSIGNED_LE"}]}' >clock.json
file_of clock -- 0x16d -- 'tpm2_policycountertimer clock=1152921504606846975 --ule'
cat >or.json <<JSON
{"description": "", "policy": [{"type": "POLICYOR", "branches": [
  {"name": "here", "description": "", "policy": [{"type": "PCR", "pcrs": [{"pcr": 23, "hashAlg": "SHA256", "digest": "$zeros"}]}]},
  {"name": "password", "description": "", "policy": [{"type": "AUTHVALUE"}]}]}]}
JSON
policy only-auth sha256 tpm2_policyauthvalue
file_of or --password-file password -- 0x17f 0x16b 0x171 -- tpm2_policyauthvalue 'tpm2_policyor sha256:pcr.digest,only-auth.digest'
if [ -e or.pem ]; then
  signs "the branch without a password" or.pem ES256
  usable "the branch without a password" ecdsa ES256 or.pem '' 'tpm2_policypcr -l sha256:23' 'tpm2_policyor sha256:pcr.digest,only-auth.digest'
  measure 23 sha256
  signs "the branch with a password" or.pem ES256 --password-file password
  forget 23
fi
# PolicyDuplicationSelect beside a use: what moves keys between machines.
parent_name() {
  tpm2_readpublic -Q -c h2.ctx -n h2.name
}
made "the parent's Name" parent_name
cat >move.json <<JSON
{"description": "", "policy": [{"type": "POLICYOR", "branches": [
  {"name": "use", "description": "", "policy": [{"type": "PCR", "currentPCRs": [23]}]},
  {"name": "move", "description": "", "policy": [{"type": "DUPLICATIONSELECT", "newParentName": "$(hex h2.name)"}]}]}]}
JSON
policy moved sha256 'tpm2_policyduplicationselect -N h2.name'
file_of move -- 0x17f 0x188 0x171 -- 'tpm2_policypcr -l sha256:23' 'tpm2_policyor sha256:pcr.digest,moved.digest'
# The same file is read by the conventions of others: each leaf begins at zeros, and PolicyOR lists what they lead to.
if [ -e move.pem ]; then
  check "the list of PolicyOR" test "$(steps list move.pem | sed -n 's/^00000171 //p')" = \
    "000000020020$(hex pcr.digest)0020$(hex moved.digest)"
fi

# What files have no words for is bound all the same; the policy is given when the key is used.
cat >nv.json <<JSON
{"description": "", "policy": [{"type": "NV", "nvIndex": 16777218, "operandB": "3132", "operation": "EQ"}]}
JSON
printf 12 >operand
printf 'nvpw\n' >nvpw
policy nv sha256 'tpm2_policynv -P nvpw -i operand 0x01000002 eq'
expect "an NV policy is bound" 0 any key create --algorithm ecc256 --policy-file nv.json --out nv.pem
if [ -e nv.pem ]; then
  is_bound "an NV policy" nv.pem nv
  signs "an NV policy" nv.pem ES256 --policy-file nv.json --entity-password-file 0x01000002=nvpw
  unused "an NV policy that is not given" 'policy[-_]file' nv.pem
fi

# --- what is not bound -------------------------------------------------------------------------------------------------------

# no NAME STATUS PATTERN ARGS...: no key is made.
no() {
  local name=$1 status=$2 pattern=$3
  shift 3
  expect "$name" "$status" "$pattern" key create --algorithm ecc256 --out none.pem "$@"
  check "$name: no file is written" test ! -e none.pem
}
no "two policies" 2 'pcr.*policy[-_]file' --pcr 23 --policy-file auth.json
no "a register that there is not" 2 'pcr names a register that does not exist' --pcr 24
no "a bank that there is not" 2 'pcr names an unknown bank' --pcr md5:1
no "a policy file that is not there" 1 'nothing.json' --policy-file nothing.json
no "a policy file that is no JSON" 1 'JSON|column|line' --policy-file not-json
no "a password that is never asked for" 2 'AuthValue' --policy-file owner.json --password-file password
echo '{"description": "", "policy": [{"type": "ACTION", "action": "ring"}]}' >action.json
no "a policy that asks for nothing" 2 'asks for nothing' --policy-file action.json
no "no way to use it" 2 'user.with.auth' --user-with-auth 0
echo '{"description": "", "policy": [{"type": "PCR", "currentPCRs": [1]}]}' >now.json
TPMCLOUD_TCTI=$NO_TPM expect "values of now without a TPM" 2 'values|TPM' key wrap --in ecc.key --parent-public parent.pub --policy-file now.json \
  --out none.pem
check "values of now without a TPM: no file is written" test ! -e none.pem

conclude
