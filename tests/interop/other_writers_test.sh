#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Key files as other programs lay them out (openssl_tpm2_engine, tpm2-tss-engine, tpm2genkey, go-tpm-keyfiles), written by a few lines
# of DER around objects of tpm2-tools: other_writers_test.sh PROGRAM
set -u
# shellcheck source=interop.sh
. "$(dirname "$(realpath "$0")")/interop.sh"

for tool in tpm2_create tpm2_duplicate tpm2_import; do
  command -v $tool >/dev/null || skip_all "$tool is not installed"
done

start_tpm "$work/tpm"
made "a TPM that forgives" tpm2_dictionarylockout -s -n 1000 -t 1 -l 1
made "the H2 parent" tpm2_createprimary -Q -C o -G ecc -g sha256 -a "$H2" -c h2.ctx || exit 1

DECRYPT="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|decrypt"
BOTH="$SIGN|decrypt"

# object NAME OPTION...: NAME.pub and NAME.prv under $parent.
parent=h2.ctx
object() {
  local name=$1
  shift
  made "the object $name" tpm2_create -Q -C "$parent" -u "$name.pub" -r "$name.prv" "$@"
}

# file NAME OBJECT FIELD=VALUE...: NAME.pem around the object.
file() {
  local name=$1 object=$2
  shift 2
  tss2 write "public=$object.pub" "private=$object.prv" "$@" >"$name.pem"
}

# --- openssl_tpm2_engine -----------------------------------------------------------------------------------------------------

if object engine-rsa -G rsa2048 -a "$DECRYPT"; then
  file engine-rsa engine-rsa empty_auth=ff
  shows "the engine's RSA key" engine-rsa.pem
  for algorithm in RS256 RS384 RS512 PS256 PS384 PS512; do
    signs "the engine's RSA key" engine-rsa.pem $algorithm
  done
  implies "the engine's RSA key" engine-rsa.pem RS256
fi
if object engine-ec -G ecc256 -a "$BOTH"; then
  file engine-ec engine-ec empty_auth=ff
  signs "the engine's P-256 key" engine-ec.pem ES256
fi
if object engine-384 -G ecc384 -a "$BOTH" -p abc; then
  file engine-384 engine-384
  signs "the engine's P-384 key with a password" engine-384.pem ES384 --password-file password
  refuses "no password for it" 1 password sign --keyfile engine-384.pem --in message --out signature
fi

# --- hierarchies -------------------------------------------------------------------------------------------------------------

for hierarchy in endorsement:e:0x4000000b platform:p:0x4000000c null:n:0x40000007; do
  IFS=: read -r name letter handle <<<"$hierarchy"
  made "the parent of $name" tpm2_createprimary -Q -C "$letter" -G ecc -g sha256 -a "$H2" -c "$name.ctx" || continue
  parent=$name.ctx
  object "$name" -G ecc256 -a "$BOTH" || continue
  file "$name" "$name" empty_auth=ff parent=$handle
  signs "a key of the $name hierarchy" "$name.pem" ES256
done
parent=h2.ctx
if [ -e endorsement.pem ]; then
  made "an endorsement password" tpm2_changeauth -Q -c e epw
  refuses "no endorsement password" 1 endorsement sign --keyfile endorsement.pem --in message --out signature
  signs "an endorsement password" endorsement.pem ES256 --endorsement-password epw
  made "no endorsement password" tpm2_changeauth -Q -c e -p epw
fi
if [ -e platform.pem ]; then
  made "a platform password" tpm2_changeauth -Q -c p ppw
  refuses "no platform password" 1 platform sign --keyfile platform.pem --in message --out signature
  signs "a platform password" platform.pem ES256 --platform-password ppw
  made "no platform password" tpm2_changeauth -Q -c p -p ppw
fi

# --- the old layout, whose primary is another one ----------------------------------------------------------------------------

if made "the old parent" tpm2_createprimary -Q -C o -G ecc -g sha256 \
  -a 'sensitivedataorigin|userwithauth|noda|restricted|decrypt' -c old.ctx; then
  parent=old.ctx
  if object old -G ecc256 -a 'sensitivedataorigin|userwithauth|noda|sign|decrypt'; then
    file old old type=old layout=old empty_auth=ff
    check "the old label" grep -q 'BEGIN TSS2 KEY BLOB' old.pem
    shows "a file of the old layout" old.pem
    signs "a file of the old layout" old.pem ES256
    file old-owner old type=old layout=old empty_auth=ff parent=$OWNER
    signs "a file of the old layout that names the owner" old-owner.pem ES256
  fi
  openssl ecparam -name prime256v1 -genkey -noout -out old-software.pem 2>/dev/null
  if made "an import under the old parent" tpm2_import -Q -C old.ctx -G ecc -i old-software.pem -a 'userwithauth|noda|sign|decrypt' \
    -u old-import.pub -r old-import.prv; then
    file old-import old-import type=old layout=old empty_auth=ff
    signs "an imported key in a file of the old layout" old-import.pem ES256
  fi
  parent=h2.ctx
fi

# --- importable keys ---------------------------------------------------------------------------------------------------------

openssl genrsa -traditional -out software-rsa.pem 2048 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out software-ecc.pem 2>/dev/null

# wrapped NAME PARENT KIND FIELD=VALUE...: a software key for a parent, whose TPM2B_PUBLIC is PARENT.
wrapped() {
  local name=$1 area=$2 kind=$3
  shift 3
  made "the wrapped $name" tpm2_duplicate -Q -U "$area" -G "$kind" -k "software-${kind%256}.pem" -u w.pub -r w.prv -s w.seed || return
  tss2 write type=importable public=w.pub private=w.prv secret=w.seed "$@" >"$name.pem"
}

persistent_rsa() {
  tpm2_createprimary -Q -C o -G rsa2048 -g sha256 -a "$H2" -c h1.ctx && tpm2_readpublic -Q -c h1.ctx -o h1.pub &&
    tpm2_evictcontrol -Q -C o -c h1.ctx 0x81000001
}
made "the H2 parent's public area" tpm2_readpublic -Q -c h2.ctx -o h2.pub
made "a persistent RSA parent" persistent_rsa
for kind in rsa ecc; do
  algorithm=RS256
  [ $kind = rsa ] || algorithm=ES256
  if wrapped importable-$kind h2.pub $kind empty_auth=ff; then
    shows "an importable key ($kind)" importable-$kind.pem
    signs "an importable key ($kind)" importable-$kind.pem $algorithm
  fi
  wrapped importable-h1-$kind h1.pub $kind empty_auth=ff parent=0x81000001 &&
    signs "an importable key ($kind) with a persistent RSA parent" importable-h1-$kind.pem $algorithm
  wrapped importable-mark-$kind h1.pub $kind empty_auth=ff rsa_parent=ff &&
    signs "an importable key ($kind) with the RSA primary" importable-mark-$kind.pem $algorithm
done
if wrapped importable-wrong h1.pub ecc empty_auth=ff; then
  refuses "an importable key for an RSA parent where the parent is ECC" 1 'parent' sign --keyfile importable-wrong.pem --in message --out signature
fi
if [ -e importable-ecc.pem ]; then
  tss2 write type=importable public=w.pub private=w.prv empty_auth=ff >no-secret.pem
  TPMCLOUD_TCTI=$NO_TPM refuses "an importable key without its secret" 1 secret sign --keyfile no-secret.pem --in message --out signature
fi
# duplicated NAME OPTION...: an object of the TPM that leaves it, with all that it has, for the parent h2.ctx.
duplicated() {
  local name=$1
  shift
  tpm2_startauthsession -Q -S trial.ctx && tpm2_policycommandcode -Q -S trial.ctx -L leave.digest TPM2_CC_Duplicate &&
    tpm2_flushcontext -Q trial.ctx && tpm2_create -Q -C h1.ctx -u d.pub -r d.made -L leave.digest "$@" && tpm2_flushcontext -Q -t &&
    tpm2_load -Q -C h1.ctx -u d.pub -r d.made -c d.ctx && tpm2_flushcontext -Q -t &&
    tpm2_loadexternal -Q -C o -u h2.pub -c new.ctx && tpm2_flushcontext -Q -t &&
    tpm2_startauthsession -Q --policy-session -S leave.ctx && tpm2_policycommandcode -Q -S leave.ctx TPM2_CC_Duplicate &&
    tpm2_duplicate -Q -C new.ctx -c d.ctx -G null -p session:leave.ctx -r d.prv -s d.seed && cp d.pub "$name.pub" &&
    cp d.prv "$name.prv" && cp d.seed "$name.seed"
}
if made "a duplicated key with a password" duplicated moved -G ecc256 -a 'sensitivedataorigin|userwithauth|noda|sign' -p abc; then
  file moved moved type=importable secret=moved.seed
  signs "a duplicated key with a password" moved.pem ES256 --password-file password
  refuses "a wrong password of a duplicated key" 1 password sign --keyfile moved.pem --in message --out signature --password-file wrong
fi
printf 'AWS4moved' >moved-secret
if made "duplicated sealed data" duplicated moved-sealed -i moved-secret -a 'userwithauth|noda'; then
  file moved-sealed moved-sealed type=sealed secret=moved-sealed.seed empty_auth=ff
  refuses "duplicated sealed data as signer" 1 sealed sign --keyfile moved-sealed.pem --in message --out signature
  macs "duplicated sealed data" "$(hex moved-secret)" sha256 --keyfile moved-sealed.pem --allow-sealed-hmac
fi
if made "a duplicated HMAC key" duplicated moved-hmac -G hmac:sha256 -a 'sensitivedataorigin|userwithauth|noda|sign'; then
  file moved-hmac moved-hmac type=importable secret=moved-hmac.seed empty_auth=ff
  expect "a duplicated HMAC key" 0 '' hmac --keyfile moved-hmac.pem --in message --hex
fi
if made "another ECC parent" tpm2_createprimary -Q -C e -G ecc -g sha256 -a "$H2" -c elsewhere.ctx &&
  made "its public area" tpm2_readpublic -Q -c elsewhere.ctx -o elsewhere.pub && wrapped importable-wrong elsewhere.pub ecc empty_auth=ff; then
  refuses "an importable key for another ECC parent" 1 'parent' sign --keyfile importable-wrong.pem --in message --out signature
  tss2 write type=importable public=w.pub private=w.prv secret=w.seed empty_auth=ff parent=0x4000000b >importable-right.pem
  signs "the same for its own parent" importable-right.pem ES256
fi

endorsement_key() {
  tpm2_createek -Q -G rsa -c ek.ctx -u ek.pub && tpm2_readpublic -Q -c ek.ctx -o ek.pub && tpm2_evictcontrol -Q -C o -c ek.ctx 0x81010001
}
made "an endorsement key" endorsement_key && wrapped importable-ek ek.pub ecc empty_auth=ff parent=0x81010001 &&
  signs "an importable key with the endorsement key as parent" importable-ek.pem ES256

# The Go libraries write numbers without leading zero bytes.
for which in x y d; do
  /usr/bin/python3 "$here/wrap_key.py" h2.pub $which w.pub w.prv w.seed || { not_ok "a wrapped key with a short $which is made"; continue; }
  tss2 write type=importable public=w.pub private=w.prv secret=w.seed empty_auth=ff >short.pem
  shows "an importable key with a short $which" short.pem
  signs "an importable key with a short $which" short.pem ES256
done

# --- sealed data -------------------------------------------------------------------------------------------------------------

printf 'AWS4sealed secret' >sealed
if made "sealed data" tpm2_create -Q -C h2.ctx -i sealed -a 'fixedtpm|fixedparent|noda|userwithauth' -u sealed.pub -r sealed.prv; then
  file sealed sealed type=sealed empty_auth=ff
  expect "sealed data is shown" 0 '' key show sealed.pem
  check "as sealed" grep -q sealed out
  refuses "sealed data as signer" 1 'sealed' sign --keyfile sealed.pem --in message --out signature
  refuses "sealed data for an HMAC without leave" 1 'allow[-_]sealed[-_]hmac' hmac --keyfile sealed.pem --in message --hex
  macs "sealed data" "$(hex sealed)" sha256 --keyfile sealed.pem --allow-sealed-hmac
fi
if made "sealed data with a password" tpm2_create -Q -C h2.ctx -i sealed -p abc -a 'fixedtpm|fixedparent|noda|userwithauth' -u sealed.pub \
  -r sealed.prv; then
  file sealed-locked sealed type=sealed
  macs "sealed data with a password" "$(hex sealed)" sha256 --keyfile sealed-locked.pem --allow-sealed-hmac --password-file password
  refuses "sealed data with a wrong password" 1 password hmac --keyfile sealed-locked.pem --allow-sealed-hmac --in message --hex \
    --password-file wrong
fi
if [ -e engine-ec.pem ]; then
  file sealed-signer engine-ec type=sealed empty_auth=ff
  signs "a signing key whose file says sealed" sealed-signer.pem ES256
fi

# --- rsaParent ---------------------------------------------------------------------------------------------------------------

parent=h1.ctx
if made "the H1 parent" tpm2_createprimary -Q -C o -G rsa2048 -g sha256 -a "$H2" -c h1.ctx && object h1 -G ecc256 -a "$BOTH"; then
  for value in 01 ff; do
    file h1 h1 empty_auth=ff rsa_parent=$value
    signs "rsaParent $value" h1.pem ES256
  done
  file h1 h1 empty_auth=ff
  refuses "rsaParent left out" 1 'parent' sign --keyfile h1.pem --in message --out signature
fi
parent=h2.ctx
if [ -e engine-ec.pem ]; then
  file h1-not engine-ec empty_auth=ff rsa_parent=ff
  refuses "rsaParent where there is none" 1 'parent' sign --keyfile h1-not.pem --in message --out signature
  file h1-false engine-ec empty_auth=ff rsa_parent=00
  signs "rsaParent FALSE" h1-false.pem ES256
fi

# --- tpm2tss-genkey, Go, tpm2genkey ------------------------------------------------------------------------------------------

object tss-rsa -G rsa2048 -a "$BOTH" && file tss-rsa tss-rsa empty_auth=01 && signs "tpm2tss-genkey's RSA key" tss-rsa.pem RS256
object tss-ec -G ecc256 -a "$SIGN" && file tss-ec tss-ec empty_auth=01 && signs "tpm2tss-genkey's EC key" tss-ec.pem ES256
object tss-locked -G ecc256 -a "$SIGN" -p abc && file tss-locked tss-locked empty_auth=00 &&
  signs "tpm2tss-genkey's EC key with a password" tss-locked.pem ES256 --password-file password
object go-rsa -G rsa2048 -a "${BOTH/noda|/}" && file go-rsa go-rsa empty_auth=ff description='laptop key' &&
  signs "the Go libraries' RSA key" go-rsa.pem RS512
object go-ec -G ecc521 -a "${BOTH/noda|/}" && file go-ec go-ec empty_auth=ff description='laptop key' &&
  signs "the Go libraries' EC key" go-ec.pem ES512
object genkey-rsa -G rsa2048:rsassa-sha256 -a "${SIGN/noda|/}" && file genkey-rsa genkey-rsa empty_auth=ff &&
  implies "tpm2genkey's RSA key" genkey-rsa.pem RS256
object genkey-hmac -G hmac:sha256 -a "${SIGN/noda|/}" && file genkey-hmac genkey-hmac empty_auth=ff &&
  expect "tpm2genkey's HMAC key" 0 '' hmac --keyfile genkey-hmac.pem --in message --hex

# A key with a policy whose file does not tell it: with userWithAuth the password is enough.
trial_policy() {
  tpm2_startauthsession -Q -S trial.ctx && tpm2_policyauthvalue -Q -S trial.ctx -L policy.digest
}
if made "a policy" trial_policy; then
  if object policed -G ecc256 -a "$SIGN" -L policy.digest -p abc; then
    file policed policed
    signs "a policy beside a password" policed.pem ES256 --password-file password
  fi
  if object policy-only -G ecc256 -a "${SIGN/userwithauth|/}" -L policy.digest -p abc; then
    file policy-only policy-only
    signs "a policy that its digest tells" policy-only.pem ES256 --password-file password
    refuses "a wrong password for it" 1 password sign --keyfile policy-only.pem --in message --out signature --password-file wrong
    file policy-told policy-only policy=300aa0040202016ba1020400
    shows "a policy that the file tells" policy-told.pem
    signs "a policy that the file tells" policy-told.pem ES256 --password-file password
  fi
fi
if object never -G ecc256 -a "${SIGN/userwithauth|/}"; then
  file never never
  refuses "a key that no password and no policy opens" 1 'policy|never|password' sign --keyfile never.pem --in message --out signature
fi

# --- fields ------------------------------------------------------------------------------------------------------------------

if [ -e engine-ec.pem ]; then
  file field engine-ec empty_auth=ff description='Schlüssel für 東京'
  shows "a description" field.pem
  check "the description is shown" grep -q 'Schlüssel für 東京' <("$program" key show field.pem)
  signs "a description" field.pem ES256
  file field engine-ec empty_auth=ff tag6=0401ff tag7=3000
  signs "unknown fields [6] and [7]" field.pem ES256
  file field engine-ec empty_auth=ff tag30=0500
  signs "an unknown field [30]" field.pem ES256
  tpm2_readpublic -Q -c h2.ctx -n h2.name && tools true
  file field engine-ec empty_auth=ff "tag6=0422$(hex h2.name)"
  signs "[6] with the parent's Name" field.pem ES256
  file field engine-ec empty_auth=ff "tag6=0422000b$(printf '%064d' 7)"
  refuses "[6] with another parent's Name" 1 'parent' sign --keyfile field.pem --in message --out signature
  file field engine-ec empty_auth=ff "tag6=$(/usr/bin/python3 -c 'import sys; d = open("h2.pub", "rb").read(); print((b"\x04" + bytes([len(d)]) + d).hex())')"
  signs "[6] with the parent's public area" field.pem ES256
  file field engine-ec empty_auth=ff parent=0
  signs "the parent 0" field.pem ES256
  file field engine-ec empty_auth=ff type=old
  signs "the old type with the current layout" field.pem ES256
  for value in 01 42 ff 80; do
    file field engine-ec empty_auth=$value
    signs "emptyAuth $value" field.pem ES256
  done
  for value in 00 ''; do
    file field engine-ec empty_auth=$value
    signs "emptyAuth ${value:-left out} on a key that counts no tries" field.pem ES256
  done
  if object negative -G ecc256 -a "$BOTH" && made "its persistent parent" tpm2_evictcontrol -Q -C o -c h2.ctx 0x81000004; then
    for value in 81000004 0081000004 ff81000004; do
      file field negative empty_auth=ff parent_bytes=$value
      signs "the parent as $value" field.pem ES256
    done
  fi
fi

# --- shapes of the file ------------------------------------------------------------------------------------------------------

if [ -e engine-ec.pem ]; then
  openssl req -x509 -key software-ecc.pem -subj /CN=test -days 1 -out certificate.pem 2>/dev/null
  body=$(grep -v -- ----- engine-ec.pem | tr -d '\n')
  sed 's/$/\r/' engine-ec.pem >shape-crlf.pem
  printf -- '-----BEGIN TSS2 PRIVATE KEY-----\n%s\n-----END TSS2 PRIVATE KEY-----\n' "$body" >shape-line.pem
  { echo 'a key of mine'; echo; cat engine-ec.pem; echo 'more words'; } >shape-text.pem
  head -c -1 engine-ec.pem >shape-end.pem
  { openssl ecparam -name prime256v1; cat engine-ec.pem; } >shape-parameters.pem
  { cat certificate.pem certificate.pem engine-ec.pem; } >shape-bundle.pem
  { cat engine-ec.pem certificate.pem; } >shape-chain.pem
  openssl base64 -d -A <<<"$body" >shape-der.pem
  for shape in crlf line text end parameters bundle chain; do
    shows "a file with $shape" shape-$shape.pem
    signs "a file with $shape" shape-$shape.pem ES256
  done
  check "the DER is DER" openssl asn1parse -inform DER -in shape-der.pem
  signs "raw DER" shape-der.pem ES256
fi

# --- the null hierarchy ends with a reset ------------------------------------------------------------------------------------

if [ -e null.pem ]; then
  check "the TPM holds what it held before its reset" is_clean
  swtpm_stop
  start_tpm "$work/tpm"
  refuses "a key of the null hierarchy after a reset" 1 'reset|restart|reboot' sign --keyfile null.pem --in message --out signature
  signs "a key of the owner hierarchy after a reset" engine-ec.pem ES256
fi

conclude
