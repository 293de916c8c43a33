#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Keys of tpm2-tools used by the program: tpm2_tools_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

for tool in tpm2_create tpm2_encodeobject tpm2_import; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1

# encoded NAME FILE CREATE-OPTION...: a key under $parent and its file; `encode` are the options of tpm2_encodeobject.
parent=h2.ctx
encode=()
encoded() {
  local name=$1 file=$2
  shift 2
  made "$name" tpm2_create -Q -C "$parent" -u k.pub -r k.prv "$@" || return
  made "the file of $name" tpm2_encodeobject -C "$parent" -u k.pub -r k.prv -o "$file" "${encode[@]}"
}

# imported NAME FILE IMPORT-OPTION...
imported() {
  local name=$1 file=$2
  shift 2
  made "$name" tpm2_import -Q -C "$parent" -u k.pub -r k.prv "$@" || return
  made "the file of $name" tpm2_encodeobject -C "$parent" -u k.pub -r k.prv -o "$file"
}

# --- schemes -----------------------------------------------------------------------------------------------------------------

if encoded "ecdsa-sha256" ecdsa.pem -G ecc256:ecdsa-sha256 -a "$SIGN"; then
  shows "ecdsa-sha256" ecdsa.pem
  signs "ecdsa-sha256" ecdsa.pem ES256
  implies "ecdsa-sha256" ecdsa.pem ES256
  refuses "ecdsa-sha256 by ECDSA-SHA384" 1 'SHA-?256' sign --keyfile ecdsa.pem --algorithm ECDSA-SHA384 --in message --out signature
fi
if encoded "rsassa-sha256" rsassa.pem -G rsa2048:rsassa-sha256 -a "$SIGN"; then
  signs "rsassa-sha256" rsassa.pem RS256
  refuses "rsassa-sha256 by PS256" 1 'RS256|RSASSA' sign --keyfile rsassa.pem --algorithm PS256 --in message --out signature
fi
if encoded "rsapss-sha384" pss384.pem -g sha384 -G rsa2048:rsapss-sha384:null -a "$SIGN"; then
  shows "rsapss-sha384" pss384.pem
  signs "rsapss-sha384" pss384.pem PS384
  implies "rsapss-sha384" pss384.pem PS384
  refuses "rsapss-sha384 by PS256" 1 'PS384|SHA-?384' sign --keyfile pss384.pem --algorithm PS256 --in message --out signature
fi
if encoded "restricted ecdsa" restricted.pem -G ecc256:ecdsa-sha256:null -a "$SIGN|restricted"; then
  signs "restricted ecdsa" restricted.pem ES256
  printf '\xffTCG and more' >forged
  refuses "restricted ecdsa does not sign what looks like the TPM's own" 2 'TPM' sign --keyfile restricted.pem --in forged --out signature
fi
for size in 384 521; do
  encoded "null scheme on P-$size" null$size.pem -G ecc$size -a "$SIGN" && signs "null scheme on P-$size" null$size.pem ES${size/521/512}
done
encoded "ecdsa-sha384 on P-256" mixed.pem -G ecc256:ecdsa-sha384 -a "$SIGN" && {
  signs "ecdsa-sha384 on P-256" mixed.pem ECDSA-SHA384
  signs "ecdsa-sha384 on P-256, to which SHA-256 can be padded," mixed.pem ES256
}
encoded "ecdsa-sha512 on P-256" mixed512.pem -G ecc256:ecdsa-sha512 -a "$SIGN" && implies "ecdsa-sha512 on P-256" mixed512.pem ECDSA-SHA512
encoded "nameAlg SHA-512" name512.pem -g sha512 -G ecc256 -a "$SIGN" && signs "nameAlg SHA-512" name512.pem ES256
encoded "nameAlg SHA-1" name1.pem -g sha1 -G ecc256 -a "$SIGN" && signs "nameAlg SHA-1" name1.pem ES256
encoded "RSA 1024" rsa1024.pem -G rsa1024 -a "$SIGN" && signs "RSA 1024" rsa1024.pem RS256
encoded "RSA 3072" rsa3072.pem -G rsa3072 -a "$SIGN" && signs "RSA 3072" rsa3072.pem PS384

# --- passwords: the flag emptyAuth of tpm2_encodeobject is inverted up to version 5.7 ----------------------------------------

encode=(-p)
if encoded "a password and the flag -p" flagged.pem -G ecc256:ecdsa-sha256 -a "$SIGN" -p abc; then
  signs "a password and the flag -p" flagged.pem ES256 --password-file password
  refuses "a wrong password with the flag -p" 1 password sign --keyfile flagged.pem --in message --out signature --password-file wrong
fi
encode=()
if encoded "a password without the flag" unflagged.pem -G ecc256:ecdsa-sha256 -a "$SIGN" -p abc; then
  signs "a password without the flag" unflagged.pem ES256 --password-file password
fi
long=0123456789012345678901234567890123456789
encoded "a password of 40 characters" long.pem -G rsa2048 -a "$SIGN" -p $long &&
  signs "a password of 40 characters" long.pem RS256 --password-file <(echo $long)
encoded "a password with a zero byte at its end" zero.pem -G ecc256 -a "$SIGN" -p hex:616200 &&
  signs "a password with a zero byte at its end" zero.pem ES256 --password ab
encode=(-p)
if encoded "an empty password and the flag -p" empty.pem -G ecc256:ecdsa-sha256 -a "$SIGN"; then
  signs "an empty password and the flag -p" empty.pem ES256
  refuses "a password for a key that has none" 1 'password' sign --keyfile empty.pem --in message --out signature --password-file password
fi
encode=()
if encoded "a password on a key that counts tries" counted.pem -G ecc256 -a "${SIGN/noda|/}" -p abc; then
  signs "a password on a key that counts tries" counted.pem ES256 --password-file password
  tss2 write type=loadable public=k.pub private=k.prv empty_auth=00 >counted-false.pem
  TPMCLOUD_TCTI=$NO_TPM refuses "none on a key that counts tries" 1 password sign --keyfile counted-false.pem --in message --out signature
fi

# --- HMAC keys ---------------------------------------------------------------------------------------------------------------

# The files say that these keys have a password, and their tries are counted: that there is none must be said.
encoded "HMAC key" hmac.pem -G hmac:sha256 -a "${SIGN/noda|/}" &&
  expect "HMAC key makes an HMAC" 0 '' hmac --keyfile hmac.pem --in message --hex --password ''
encoded "HMAC key of null scheme" hmac-null.pem -G hmac -a "${SIGN/noda|/}" &&
  expect "HMAC key of null scheme makes an HMAC" 0 '' hmac --keyfile hmac-null.pem --in message --hex --password ''
printf AWS4secret >secret
if imported "an imported HMAC secret" hmac-imported.pem -G hmac -i secret -a 'userwithauth|sign'; then
  macs "an imported HMAC secret" "$(hex secret)" sha256 --keyfile hmac-imported.pem --password ''
  expect "an HMAC key is shown" 0 '' key show hmac-imported.pem
  refuses "an HMAC key as signer" 1 HMAC sign --keyfile hmac-imported.pem --in message --out signature
  refuses "public of an HMAC key" 1 'HMAC|no public' key public hmac-imported.pem
  cp message short
  head -c 5000 /dev/zero >message
  macs "an imported HMAC secret over what takes a sequence" "$(hex secret)" sha256 --keyfile hmac-imported.pem --password ''
  cp short message
fi
head -c 64 /dev/urandom >secret
imported "an HMAC secret of a whole block" hmac-long.pem -G hmac -i secret -a 'userwithauth|sign' &&
  macs "an HMAC secret of a whole block" "$(hex secret)" sha256 --keyfile hmac-long.pem --password ''
printf AWS4secret >secret
imported "an HMAC secret with a password" hmac-locked.pem -G hmac -i secret -a 'userwithauth|sign|noda' -p abc &&
  macs "an HMAC secret with a password" "$(hex secret)" sha256 --keyfile hmac-locked.pem --password-file password
for size in 384 512; do
  imported "an HMAC secret of sha$size" hmac$size.pem -G hmac:sha$size -i secret -a 'userwithauth|sign' &&
    macs "an HMAC secret of sha$size" "$(hex secret)" sha$size --keyfile hmac$size.pem --password ''
done
[ ! -e ecdsa.pem ] || refuses "a signing key for an HMAC" 1 'MAC' hmac --keyfile ecdsa.pem --in message --hex

# --- imported software keys --------------------------------------------------------------------------------------------------

openssl genrsa -traditional -out software-rsa.pem 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out software-ecc.pem 2>/dev/null
imported "an imported RSA key" rsa-imported.pem -G rsa -i software-rsa.pem -a "userwithauth|sign" && {
  signs "an imported RSA key" rsa-imported.pem RS256 --password ''
  check "its public key is the software's" cmp <(tss2 public rsa-imported.pem) <(openssl pkey -in software-rsa.pem -pubout)
}
imported "an imported EC key" ecc-imported.pem -G ecc -i software-ecc.pem -a "userwithauth|sign" &&
  signs "an imported EC key" ecc-imported.pem ES256 --password ''
imported "an imported decrypt-only RSA key" rsa-decrypt.pem -G rsa -i software-rsa.pem -a "userwithauth|decrypt|noda" && {
  signs "a decrypt-only RSA key" rsa-decrypt.pem RS256
  signs "a decrypt-only RSA key" rsa-decrypt.pem PS256
}

# --- pairs of TPM2B files, persistent keys -----------------------------------------------------------------------------------

if made "a pair of files" tpm2_create -Q -C h2.ctx -G ecc256 -a "$SIGN" -u pair.pub -r pair.prv -p abc; then
  expect "a pair is converted" 0 any key convert --public pair.pub --private pair.prv --out pair.pem --password-file password &&
    signs "a converted pair" pair.pem ES256 --password-file password
  rm -f signature
  expect "a pair signs" 0 '' sign --public pair.pub --private pair.prv --in message --out signature --password-file password
  [ ! -e pair.pem ] || check "a pair: the signature verifies" verify ES256 <(tss2 public pair.pem) signature message
  refuses "a pair without its half" 2 'private' sign --public pair.pub --in message --out signature
  refuses "a pair and a key file" 2 'keyfile' sign --public pair.pub --private pair.prv --keyfile ecdsa.pem --in message --out signature
  refuses "a pair the wrong way round" 1 'pair.prv|public' sign --public pair.prv --private pair.pub --in message --out signature
fi

persistent_key() {
  tpm2_create -Q -C h2.ctx -G ecc256 -a "$SIGN" -u held.pub -r held.prv -p abc && tpm2_load -Q -C h2.ctx -u held.pub -r held.prv -c held.ctx && tpm2_flushcontext -t &&
    tpm2_evictcontrol -Q -C o -c held.ctx 0x81000010
}
if made "a persistent key" persistent_key; then
  tss2 write public=held.pub private=held.prv >held.pem
  rm -f signature
  expect "a persistent key signs" 0 '' sign --handle 0x81000010 --in message --out signature --password-file password
  check "a persistent key: the signature verifies" verify ES256 <(tss2 public held.pem) signature message
  expect "a persistent key is shown" 0 '' key show --handle 0x81000010
  expect "the public key of a persistent key" 0 '' key public --handle 0x81000010
  check "it is the key's" cmp out <(tss2 public held.pem)
  refuses "a wrong password of a persistent key" 1 password sign --handle 0x81000010 --in message --out signature --password-file wrong
  refuses "no key at a handle" 1 '0x81000011' sign --handle 0x81000011 --in message --out signature
  tss2 write public=held.pub private_hex=81000010 >handle.pem
  signs "a file that names a persistent key" handle.pem ES256 --password-file password
  tss2 write public=k.pub private_hex=81000010 >handle-other.pem
  refuses "a file that names another persistent key" 1 '0x81000010' sign --keyfile handle-other.pem --in message --out signature \
    --password-file password
  tss2 write public=held.pub private_hex=81000011 >handle-none.pem
  refuses "a file that names a persistent key that is not there" 1 '0x81000011' sign --keyfile handle-none.pem --in message --out signature \
    --password-file password
fi

# --- parents -----------------------------------------------------------------------------------------------------------------

nested_parent() {
  tpm2_create -Q -C h2.ctx -G ecc256:null:aes128cfb -a "$H2" -u nested.pub -r nested.prv &&
    tpm2_load -Q -C h2.ctx -u nested.pub -r nested.prv -c nested.ctx && tpm2_flushcontext -t &&
    tpm2_evictcontrol -Q -C o -c nested.ctx 0x81000003
}
if made "a nested storage key" nested_parent; then
  parent=0x81000003
  encoded "a key under a nested storage key" nested.pem -G ecc256 -a "$SIGN" && signs "a key under a nested storage key" nested.pem ES256
  parent=h2.ctx
  tss2 write public=nested.pub private=nested.prv empty_auth=ff >storage.pem
  refuses "a storage key as signer" 1 'storage|sign' sign --keyfile storage.pem --in message --out signature
fi

# The default primary of tpm2_createprimary is not that of any key file, and tpm2_encodeobject does not say so.
if made "the default primary" tpm2_createprimary -Q -C o -c default.ctx; then
  parent=default.ctx
  if encoded "a key under the default primary" default.pem -G ecc256 -a "$SIGN"; then
    refuses "a key under the default primary" 1 'parent|primary' sign --keyfile default.pem --in message --out signature
    check "its refusal says that others can be tried" said 'parent[-_]fallback'
    signs "a key under the default primary, with other parents allowed" default.pem ES256 --parent-fallback
  fi
  parent=h2.ctx
fi
if made "the H1 primary" tpm2_createprimary -Q -C o -G rsa2048 -g sha256 -a "$H2" -c h1.ctx; then
  parent=h1.ctx
  if encoded "a key under the H1 primary" h1.pem -G ecc256 -a "$SIGN"; then
    tss2 write public=k.pub private=k.prv empty_auth=ff rsa_parent=ff >h1-marked.pem
    signs "a key under the H1 primary that says so" h1-marked.pem ES256
    refuses "a key under the H1 primary that does not say so" 1 'parent|primary' sign --keyfile h1.pem --in message --out signature
    signs "a key under the H1 primary that does not say so, with other parents allowed" h1.pem ES256 --parent-fallback
    expect "the H1 parent is kept" 0 any key persist-parent --parent owner-rsa --handle 0x81000020 &&
      signs "a key under a parent given by its handle" h1.pem ES256 --parent-handle 0x81000020
  fi
  parent=h2.ctx
fi
expect "the H2 parent is kept" 0 any key persist-parent --handle 0x81000021
expect "it is kept again" 0 any key persist-parent --handle 0x81000021
refuses "another one at that handle" 1 '0x81000021' key persist-parent --parent owner-rsa --handle 0x81000021
[ ! -e ecdsa.pem ] || signs "a key under the H2 parent that is kept" ecdsa.pem ES256 --parent-handle 0x81000021
[ ! -e ecdsa.pem ] || refuses "a key under a parent that is another" 1 'parent|0x81000003' sign --keyfile ecdsa.pem --in message \
  --out signature --parent-handle 0x81000003

# An endorsement key takes no password: what it is the parent of is loaded through the endorsement hierarchy's.
endorsement_child() {
  tpm2_createek -Q -G rsa -c ek.ctx -u ek.pub && tpm2_evictcontrol -Q -C o -c ek.ctx 0x81010001 && tpm2_flushcontext -t &&
    tpm2_startauthsession -Q --policy-session -S session.ctx && tpm2_policysecret -Q -S session.ctx -c e &&
    tpm2_create -Q -C 0x81010001 -P session:session.ctx -G ecc256 -a "$SIGN" -u ek-child.pub -r ek-child.prv
}
if made "a key under the endorsement key" endorsement_child; then
  tss2 write public=ek-child.pub private=ek-child.prv empty_auth=ff parent=0x81010001 >ek-child.pem
  signs "a key under the endorsement key" ek-child.pem ES256
fi
endorsement_ecc_child() {
  tpm2_createek -Q -G ecc -c eke.ctx -u eke.pub && tpm2_evictcontrol -Q -C o -c eke.ctx 0x81010002 && tpm2_flushcontext -t &&
    tpm2_startauthsession -Q --policy-session -S session.ctx && tpm2_policysecret -Q -S session.ctx -c e &&
    tpm2_create -Q -C 0x81010002 -P session:session.ctx -G ecc256 -a "$SIGN" -u ek-child.pub -r ek-child.prv
}
if made "a key under the ECC endorsement key" endorsement_ecc_child; then
  tss2 write public=ek-child.pub private=ek-child.prv empty_auth=ff parent=0x81010002 >eke-child.pem
  signs "a key under the ECC endorsement key" eke-child.pem ES256
fi
if [ -e ek-child.pem ]; then
  made "an endorsement password" tpm2_changeauth -Q -c e epw
  signs "a key under the endorsement key, whose hierarchy has a password" ek-child.pem ES256 --endorsement-password epw
  refuses "a wrong endorsement password" 1 'endorsement' sign --keyfile ek-child.pem --in message --out signature \
    --endorsement-password-file wrong
  made "no endorsement password" tpm2_changeauth -Q -c e -p epw
fi

# --- hierarchy passwords, lockout --------------------------------------------------------------------------------------------

if [ -e ecdsa.pem ]; then
  made "an owner password" tpm2_changeauth -Q -c o opw
  refuses "no owner password" 1 'owner' sign --keyfile ecdsa.pem --in message --out signature
  refuses "a wrong owner password" 1 'owner' sign --keyfile ecdsa.pem --in message --out signature --ownerpassword-file wrong
  signs "an owner password" ecdsa.pem ES256 --ownerpassword opw
  made "no owner password" tpm2_changeauth -Q -c o -p opw
fi
if [ -e counted.pem ]; then
  made "a TPM that forgives nothing" tpm2_dictionarylockout -s -n 1 -t 1000 -l 1000
  refuses "one try too many" 1 'password' sign --keyfile counted.pem --in message --out signature --password-file wrong
  refuses "a locked TPM" 1 'lock' sign --keyfile counted.pem --in message --out signature --password-file password
  made "a TPM that is unlocked" tpm2_dictionarylockout -c
  signs "an unlocked TPM" counted.pem ES256 --password-file password
fi

# --- wrapped for another machine ---------------------------------------------------------------------------------------------

parent_files() {
  tpm2_readpublic -Q -c h2.ctx -o h2.pub -n h2.name
}
if expect "the parent is told" 0 '' key parent --out parent.pub && made "the parent's files" parent_files; then
  check "it is the H2 primary" cmp parent.pub h2.pub
  check "its Name is told" test "$(cat out)" = "$(hex h2.name)"
fi
for kind in rsa ecc; do
  TPMCLOUD_TCTI=$NO_TPM expect "a software key ($kind) is wrapped" 0 any key wrap --in software-$kind.pem --parent-public parent.pub \
    --out wrapped-$kind.pem || continue
  shows "a wrapped key ($kind)" wrapped-$kind.pem
  algorithm=RS256
  [ $kind = rsa ] || algorithm=ES256
  signs "a wrapped key ($kind)" wrapped-$kind.pem $algorithm
done

conclude
