/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "policy/policy_file.h"

/* Policies of one step that a key may have without its file saying so. */
static const struct known {
    tpmc__policy_kind kind;
    uint32_t handle; /* of PolicySecret */
} known[] = {
    { TPMC__POLICY_AUTH_VALUE, 0 },
    { TPMC__POLICY_SECRET, 0x4000000b }, /* endorsement: PolicyA of endorsement keys */
    { TPMC__POLICY_SECRET, 0x40000001 }, /* owner */
    { TPMC__POLICY_SECRET, 0x4000000c }, /* platform */
    { TPMC__POLICY_SECRET, 0x4000000a }, /* lockout */
};

static int make(const struct known *which, tpmc__policy_steps *out, tpmc_error *err)
{
    tpmc__policy_step *step = tpmc__policy_append(out, which->kind);
    uint8_t name[4] = { (uint8_t)(which->handle >> 24), (uint8_t)(which->handle >> 16),
                        (uint8_t)(which->handle >> 8), (uint8_t)which->handle };

    if (step == NULL)
        return tpmc__fail_nomem(err);
    if (which->kind != TPMC__POLICY_SECRET)
        return 0;
    step->u.secret.handle = which->handle;
    (void)tpmc__policy_bytes_set(&step->u.secret.name, name, sizeof(name));
    return 0;
}

int tpmc__policy_well_known(tpmc_env *env, const tpmc__public *key, tpmc__policy_steps *out,
                            tpmc_error *err)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        tpmc__policy_bytes digest;
        int status = 0;

        memset(out, 0, sizeof(*out));
        status = make(&known[i], out, err);
        if (status == 0)
            status = tpmc__policy_digest(env, out, key->name_alg, NULL, &digest, err);
        if (status == 0 && digest.len == key->auth_policy_len &&
            memcmp(digest.data, key->auth_policy, digest.len) == 0)
            return 1;
        tpmc__policy_free_steps(out);
        if (status != 0)
            return status;
    }
    return 0;
}
