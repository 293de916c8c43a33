#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys whose policy is whatever somebody has signed: as openssl_tpm2_engine, GRUB and pcr-oracle lay them out, and by `policy sign`, which
# tpm2-tools then use by hand: policy_authorize_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"
# shellcheck source=policies.sh
. "$here/policies.sh"

for tool in tpm2_policyauthorize tpm2_verifysignature tpm2_loadexternal; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1

# signer NAME KIND HASH: NAME.private, NAME.pem, NAME.area (TPM2B_PUBLIC) and NAME.name of a key that signs policies.
signer() {
  local name=$1 kind=$2 hash=$3
  case $kind in
    rsa) openssl genrsa -out "$name.private" 2048 2>/dev/null ;;
    *) openssl ecparam -name "$kind" -genkey -noout -out "$name.private" ;;
  esac
  openssl pkey -in "$name.private" -pubout -out "$name.pem"
  [ "$kind" = rsa ] || kind=ecc
  tpm2_loadexternal -Q -C o -G "$kind" -g "$hash" -a 'userwithauth|sign' -u "$name.pem" -c "$name.ctx" -n "$name.name" &&
    tpm2_readpublic -Q -c "$name.ctx" -o "$name.area"
}
made "an RSA signer" signer rsa rsa sha256
made "an EC signer" signer ecc prime256v1 sha256
made "an EC signer of P-384" signer ecc384 secp384r1 sha384
made "another RSA signer" signer other rsa sha256

# approved SIGNER HASH REF STEP...: the steps of a signed policy, the last of which is the signature.
approved() {
  local name=$1 hash=$2 reference=$3 digest
  shift 3
  digest=$(digest_of "$hash" "$@")
  steps write "$@" "authorize:$name.area:$reference:$(steps sign "$name.private" "$name.area" "$digest" "$reference")"
}

# digest_of HASH STEP...: by the draft's rule.
digest_of() {
  local hash=$1
  shift
  /usr/bin/python3 - "$here" "$hash" "$@" <<'PYTHON'
import hashlib, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import policy_steps
digest = bytes(hashlib.new(sys.argv[2]).digest_size)
for step in sys.argv[3:]:
    kind, *words = step.split(":")
    code, content = policy_steps.body("pcr" if kind == "pcr2" else kind, words)
    digest = policy_steps.after(sys.argv[2], digest, code, content)
print(digest.hex())
PYTHON
}

# authorized NAME OBJECT SIGNER REF FIELD=VALUE... : NAME.pem whose first step is PolicyAuthorize.
authorized() {
  local name=$1 object=$2 by=$3 reference=$4
  shift 4
  tss2 write "public=$object.pub" "private=$object.prv" "policy=$(steps write "authorize:$by.area:$reference:")" "$@" >"$name.pem"
}

# --- signed policies in key files --------------------------------------------------------------------------------------------

measure 16 sha256
for by in rsa:sha256 ecc:sha256 ecc384:sha384 rsa:sha384 ecc:sha1; do
  IFS=: read -r key hash <<<"$by"
  for reference in '' 0102ff; do
    printf '\001\002\377' >reference
    policy whatever "$hash" "tpm2_policyauthorize -n $key.name${reference:+ -q reference}" || continue
    bound whatever whatever -g "$hash" -G ecc256 -a "$POLICED" || continue
    name="$key, a key of $hash${reference:+, with a reference}"
    wrong=$(approved "$key" "$hash" "$reference" locality:1e)
    right=$(approved "$key" "$hash" "$reference" "$(pcr sha256:16 "$hash")")
    authorized whatever whatever "$key" "$reference" "approved1=wrong:$wrong" "approved2=pcr:$right"
    shows "$name" whatever.pem
    signs "$name: the second signed policy" whatever.pem ES256
    authorized whatever whatever "$key" "$reference" "approved1=pcr:$right" "approved2=wrong:$wrong"
    signs "$name: the first signed policy" whatever.pem ES256
  done
done

policy authorized sha256 'tpm2_policyauthorize -n rsa.name'
if bound whatever authorized -G ecc256 -a "$POLICED"; then
  right=$(approved rsa sha256 '' "$(pcr sha256:16)")
  authorized none whatever rsa ''
  unused "no signed policy" 'no signed policy|signed policy' none.pem
  authorized one whatever rsa '' "approved1=:$right"
  signs "a signed policy without a name" one.pem ES256
  # In the order of the TPM's command, and with whatever registers hold.
  digest_first=$(approved rsa sha256 '' "$(pcr2 sha256:16)")
  authorized one whatever rsa '' "approved1=pcr:$digest_first"
  signs "a signed policy, digest first" one.pem ES256
  signature=$(steps sign rsa.private rsa.area "$(digest_of sha256 "$(pcr sha256:16)")")
  empty=$(steps write pcr2:sha256=16: "authorize:rsa.area::$signature")
  authorized one whatever rsa '' "approved1=pcr:$empty"
  signs "a signed policy without a digest" one.pem ES256
  # Signatures that are not.
  forged=$(steps write "$(pcr sha256:16)" "authorize:rsa.area::$(steps sign other.private other.area "$(digest_of sha256 "$(pcr sha256:16)")")")
  authorized forged whatever rsa '' "approved1=forged:$forged"
  unused "a signature by another key" 'sign' forged.pem
  authorized forged whatever rsa '' "approved1=forged:$forged" "approved2=right:$right"
  signs "a signature by another key before the right one" forged.pem ES256
  stale=$(steps write "$(pcr sha256:16)" locality:01 "authorize:rsa.area::$signature")
  authorized stale whatever rsa '' "approved1=stale:$stale"
  unused "a signature of another policy" 'sign' stale.pem
  # GRUB and pcr-oracle leave `policy` out.
  tss2 write public=whatever.pub private=whatever.prv "approved1=grub:$digest_first" >grub.pem
  shows "signed policies alone" grub.pem
  signs "signed policies alone" grub.pem ES256
  tss2 write public=whatever.pub private=whatever.prv "approved1=grub:$empty" >grub.pem
  signs "signed policies alone, without a digest" grub.pem ES256
  authorized one whatever rsa '' "approved1=pcr:$right"
  measure 16 sha256
  changed "no signed policy holds: the register is named" 16 sha256 one.pem
  authorized both whatever rsa '' "approved1=new:$(approved rsa sha256 '' "$(pcr sha256:16)")" "approved2=old:$right"
  signs "a policy that was signed for what is new" both.pem ES256
fi
# The key's own steps follow the signed policy.
policy then sha256 'tpm2_policyauthorize -n ecc.name' tpm2_policyauthvalue
if bound then then -G rsa2048 -a "$POLICED" -p abc; then
  tss2 write public=then.pub private=then.prv "policy=$(steps write authorize:ecc.area:: auth)" \
    "approved1=pcr:$(approved ecc sha256 '' "$(pcr2 sha256:16)")" >then.pem
  signs "a signed policy, and a password" then.pem RS256 --password-file password
  unused "a signed policy, and no password" password then.pem
fi

# --- policy sign: a key survives an update -----------------------------------------------------------------------------------

/usr/bin/python3 - <<'PYTHON'
import json
pem = open("rsa.pem").read()
json.dump({"description": "what the maker signs", "policy": [{"type": "POLICYAUTHORIZE", "keyPEM": pem}]}, open("update.json", "w"))
pcrs = {"type": "POLICYPCR", "currentPCRandBanks": [{"hash": "SHA256", "pcrSelect": [16, 23]}]}
json.dump({"description": "this firmware", "policy": [pcrs]}, open("firmware.json", "w"))
json.dump({"description": "a password", "policy": [{"type": "POLICYAUTHVALUE"}]}, open("password.json", "w"))
PYTHON
for kind in ecc256 rsa2048 hmac-sha256; do
  case $kind in ecc*) algorithm=ES256 ;; rsa*) algorithm=RS256 ;; hmac*) algorithm='' ;; esac
  use=(sign)
  [ -n "$algorithm" ] || use=(hmac --hex)
  expect "a $kind key is bound to what is signed" 0 any key create --algorithm $kind --policy-file update.json --out update.pem || continue
  check "$kind: its file says so" test "$(steps list update.pem | cut -c1-8)" = 0000016a
  refuses "$kind: nothing is signed yet" 1 'signed policy' "${use[@]}" --keyfile update.pem --in message
  expect "$kind: the firmware is signed" 0 '' policy sign --keyfile update.pem --policy-file firmware.json --signing-key rsa.private \
    --name 'firmware 1' --out update1.pem || continue
  expect "$kind: it is used" 0 '' "${use[@]}" --keyfile update1.pem --in message
  [ -z "$algorithm" ] || signs "$kind: the firmware that was signed" update1.pem $algorithm
  measure 23 sha256
  refuses "$kind: other firmware" 1 'sha256' "${use[@]}" --keyfile update1.pem --in message
  expect "$kind: that is signed too" 0 '' policy sign --keyfile update1.pem --policy-file firmware.json --signing-key rsa.private \
    --name 'firmware 2' --out update2.pem || continue
  expect "$kind: it is used again" 0 '' "${use[@]}" --keyfile update2.pem --in message
  [ -z "$algorithm" ] || signs "$kind: the new firmware" update2.pem $algorithm
  check "$kind: the newest is first" test "$(steps list update2.pem | grep firmware | tr '\n' ,)" = 'firmware 2,firmware 1,'
  forget 23
  expect "$kind: the former is used" 0 '' "${use[@]}" --keyfile update2.pem --in message
  expect "$kind: one of the same name takes its place" 0 '' policy sign --keyfile update2.pem --policy-file firmware.json \
    --signing-key rsa.private --name 'firmware 1' --out update3.pem
  check "$kind: there are two still" test "$(steps list update3.pem | grep -c firmware)" = 2
  expect "$kind: another key does not sign for it" 1 'key' policy sign --keyfile update2.pem --policy-file firmware.json \
    --signing-key other.private --name other --out other-update.pem
  check "$kind: nothing is written" test ! -e other-update.pem
  rm -f update*.pem
done

expect "a key that is bound to nothing is made" 0 any key create --algorithm ecc256 --out plain.pem
expect "a key that is bound to nothing takes no signed policy" 1 'polic' policy sign --keyfile plain.pem --policy-file firmware.json \
  --signing-key rsa.private --out no.pem
expect "a key that is bound to registers is made" 0 any key create --algorithm ecc256 --pcr 23 --out fixed.pem
expect "a key that is bound to registers takes no signed policy" 1 'polic' policy sign --keyfile fixed.pem --policy-file firmware.json \
  --signing-key rsa.private --out no.pem
check "nothing is written" test ! -e no.pem

# By hand: the signature is taken out of the file, verified by the TPM, and the key used by tpm2-tools.
expect "a key for use by hand" 0 any key create --algorithm ecc256 --policy-file update.json --out hand.pem
expect "its policy is signed" 0 '' policy sign --keyfile hand.pem --policy-file firmware.json --signing-key rsa.private --out hand1.pem
/usr/bin/python3 - "$here" <<'PYTHON'
import hashlib, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import policy_steps
file = policy_steps.File("hand1.pem")
steps = file.approved[0][1]
digest = policy_steps.digest_of(file, steps[:-1])
reader = policy_steps.Reader(steps[-1][1])
area = policy_steps.sized(reader.sized())
reference = reader.sized()
assert reference == b""
made = {"area": area, "signature": reader.data, "approved": digest, "pub": file.public, "prv": file.private}
for suffix, data in made.items():
    with open("hand." + suffix, "wb") as out:
        out.write(data)
PYTHON
by_hand() {
  tpm2_loadexternal -Q -C o -u hand.area -c hand-signer.ctx -n hand.name &&
    tpm2_verifysignature -Q -c hand-signer.ctx -g sha256 -m hand.approved -s hand.signature -t hand.ticket && tpm2_flushcontext -t &&
    tpm2_startauthsession -Q --policy-session -S session.ctx && tpm2_policypcr -Q -S session.ctx -l sha256:16,23 &&
    tpm2_policyauthorize -Q -S session.ctx -i hand.approved -n hand.name -t hand.ticket &&
    tpm2_load -Q -C h2.ctx -u hand.pub -r hand.prv -c hand-key.ctx && tpm2_flushcontext -t &&
    tpm2_sign -Q -c hand-key.ctx -g sha256 -f plain -p session:session.ctx -o hand.sig message
}
made "a signature by hand" by_hand && check "it verifies" verify ES256 <(tss2 public hand.pem) hand.sig message

conclude
