/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm/response_code.h"

#include <stddef.h>

#define RC_FMT1 0x080u
#define FMT1_ERROR_MASK 0x0bfu

static const struct meaning {
    uint32_t rc;
    int code;
    const char *text;
} meanings[] = {
    { TPMC__RC_INITIALIZE, TPMC_ERR_TPM_UNAVAILABLE,
      "the TPM has not been started (TPM2_Startup); the firmware does that, or the option "
      "'allow_startup'" },
    { 0x101, TPMC_ERR_TPM, "the TPM is in failure mode; restart the machine" },
    { TPMC__RC_POLICY, TPMC_ERR_POLICY, "a comparison of the policy does not hold" },
    { TPMC__RC_PCR_CHANGED, TPMC_ERR_POLICY,
      "a register (PCR) was extended while the policy was being used" },
    { TPMC__RC_AUTH_UNAVAILABLE, TPMC_ERR_POLICY,
      "the object cannot be used with a password, only through its policy" },
    { 0x143, TPMC_ERR_UNSUPPORTED, "the TPM does not have this command" },
    { 0x146, TPMC_ERR_POLICY, "the NV index holds less than the policy looks at" },
    { 0x148, TPMC_ERR_POLICY, "the NV index is locked" },
    { 0x149, TPMC_ERR_POLICY, "the NV index may not be read with this authorization" },
    { 0x14a, TPMC_ERR_POLICY, "the NV index has not been written yet" },
    { TPMC__RC_ASYMMETRIC, TPMC_ERR_UNSUPPORTED, "the TPM does not have this algorithm" },
    { 0x082, TPMC_ERR_UNSUPPORTED, "the object's attributes do not allow this" },
    { TPMC__RC_HASH, TPMC_ERR_UNSUPPORTED, "the TPM does not have this hash algorithm" },
    { TPMC__RC_VALUE, TPMC_ERR_TPM, "a value is out of range for this TPM" },
    { 0x085, TPMC_ERR_TPM_UNAVAILABLE, "the hierarchy is disabled" },
    { TPMC__RC_KEY_SIZE, TPMC_ERR_UNSUPPORTED, "the TPM does not take keys of this size" },
    { TPMC__RC_TYPE, TPMC_ERR_TPM, "the TPM does not take this type of object" },
    { TPMC__RC_HANDLE, TPMC_ERR_TPM, "the TPM does not hold this handle" },
    { TPMC__RC_AUTH_FAIL, TPMC_ERR_WRONG_PASSWORD,
      "the password is wrong; the try counts towards the TPM's dictionary-attack lockout" },
    { 0x090, TPMC_ERR_POLICY, "physical presence must be shown, and is not" },
    { TPMC__RC_SCHEME, TPMC_ERR_UNSUPPORTED, "the key's scheme does not allow this" },
    { TPMC__RC_SIZE, TPMC_ERR_TPM, "a structure has a size that this TPM does not take" },
    { TPMC__RC_SIGNATURE, TPMC_ERR_POLICY, "the signature does not verify" },
    { 0x09c, TPMC_ERR_UNSUPPORTED, "the key may not be used for this" },
    { TPMC__RC_POLICY_FAIL, TPMC_ERR_POLICY,
      "the policy does not hold: what was satisfied is not what the object is bound to" },
    { TPMC__RC_INTEGRITY, TPMC_ERR_WRONG_TPM, "the key was not made for this parent" },
    { TPMC__RC_BAD_AUTH, TPMC_ERR_WRONG_PASSWORD, "the password is wrong" },
    { 0x0a3, TPMC_ERR_POLICY, "the time that the policy allows is over" },
    { 0x0a4, TPMC_ERR_POLICY, "the policy is for another command" },
    { TPMC__RC_CURVE, TPMC_ERR_UNSUPPORTED, "the TPM does not have this elliptic curve" },
    { TPMC__RC_CONTEXT_GAP, TPMC_ERR_TPM,
      "a saved session of some program is too old; flush saved sessions, for example with: "
      "tpm2_flushcontext --saved-session" },
    { TPMC__RC_OBJECT_MEMORY, TPMC_ERR_TPM_UNAVAILABLE,
      "the TPM has no free slot for an object; other programs hold them all (use the resource "
      "manager /dev/tpmrm0, or flush with: tpm2_flushcontext --transient-object)" },
    { TPMC__RC_SESSION_MEMORY, TPMC_ERR_TPM_UNAVAILABLE,
      "the TPM has no free slot for a session; other programs hold them all (use the resource "
      "manager /dev/tpmrm0, or flush with: tpm2_flushcontext --loaded-session)" },
    { TPMC__RC_SESSION_HANDLES, TPMC_ERR_TPM_UNAVAILABLE,
      "the TPM has no free session handle; flush sessions, for example with: "
      "tpm2_flushcontext --saved-session" },
    { 0x907, TPMC_ERR_POLICY,
      "the policy is for another locality than the one that this connection to the TPM has" },
    { 0x908, TPMC_ERR_TIMEOUT, "the TPM kept yielding until the time was over" },
    { 0x909, TPMC_ERR_CANCELLED, "the command was cancelled" },
    { 0x90a, TPMC_ERR_TIMEOUT, "the TPM was still testing itself when the time was over" },
    { 0x920, TPMC_ERR_TIMEOUT, "the TPM limited the rate of NV writes until the time was over" },
    { TPMC__RC_LOCKOUT, TPMC_ERR_LOCKOUT,
      "the TPM is in dictionary-attack lockout; wait, or reset it with the lockout password: "
      "tpm2_dictionarylockout --clear-lockout" },
    { 0x922, TPMC_ERR_TIMEOUT, "the TPM kept asking to try again until the time was over" },
    { 0x923, TPMC_ERR_TIMEOUT, "the TPM's NV memory was not available until the time was over" },
};

uint32_t tpmc__rc_base(uint32_t rc)
{
    rc &= 0xfff;
    if (rc & RC_FMT1)
        return rc & FMT1_ERROR_MASK;
    if (rc >= TPMC__RC_REFERENCE_H0 && rc < TPMC__RC_REFERENCE_S0)
        return TPMC__RC_REFERENCE_H0;
    if (rc >= TPMC__RC_REFERENCE_S0 && rc <= 0x91e)
        return TPMC__RC_REFERENCE_S0;
    return rc;
}

int tpmc__rc_lost_object(uint32_t rc)
{
    uint32_t base = tpmc__rc_base(rc);

    return base == TPMC__RC_REFERENCE_H0 || base == TPMC__RC_HANDLE;
}

int tpmc__rc_lost_session(uint32_t rc)
{
    return tpmc__rc_base(rc) == TPMC__RC_REFERENCE_S0;
}

int tpmc__rc_no_room(uint32_t rc)
{
    static const uint32_t codes[] = { TPMC__RC_CONTEXT_GAP, TPMC__RC_OBJECT_MEMORY,
                                      TPMC__RC_SESSION_MEMORY, TPMC__RC_SESSION_HANDLES };
    uint32_t base = tpmc__rc_base(rc);

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (base == codes[i])
            return 1;
    }
    return 0;
}

int tpmc__rc_is_urgent(uint32_t rc)
{
    return tpmc__rc_no_room(rc) || tpmc__rc_base(rc) == TPMC__RC_INITIALIZE;
}

int tpmc__rc_wrong_auth(uint32_t rc)
{
    uint32_t base = tpmc__rc_base(rc);

    return base == TPMC__RC_AUTH_FAIL || base == TPMC__RC_BAD_AUTH;
}

int tpmc__rc_names_session(uint32_t rc)
{
    const uint32_t session = RC_FMT1 | 0x800;

    return (rc & (session | 0x40)) == session;
}

int tpmc__rc_no_handle(uint32_t rc)
{
    static const uint32_t codes[] = { TPMC__RC_HANDLE, TPMC__RC_REFERENCE_H0,
                                      TPMC__RC_REFERENCE_S0 };
    uint32_t base = tpmc__rc_base(rc);

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (base == codes[i])
            return 1;
    }
    return 0;
}

int tpmc__rc_fail(uint32_t rc, const char *command, tpmc_error *err)
{
    uint32_t base = tpmc__rc_base(rc);
    int code = TPMC_ERR_TPM;
    const char *text = "the TPM refused the command";

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].rc == base) {
            code = meanings[i].code;
            text = meanings[i].text;
            break;
        }
    }
    tpmc__fail(err, code, "%s: %s", command, text);
    tpmc__error_set_tpm_code(err, rc);
    return code;
}
