/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec/text.h"
#include "tpmkey/key_int.h"

/* TPM_CC of the commands that a key is used by. */
enum {
    CC_HMAC = 0x155,
    CC_RSA_DECRYPT = 0x159,
    CC_HMAC_START = 0x15b,
    CC_SIGN = 0x15d,
    CC_UNSEAL = 0x15e
};

static void list_commands(const tpmc_key *key, uint32_t commands[TPMC__USE_COUNT])
{
    int is_mac = key->kind.type == TPMC__ALG_KEYEDHASH;

    commands[TPMC__USE_FIRST] = is_mac ? CC_HMAC : CC_SIGN;
    commands[TPMC__USE_SECOND] = is_mac ? CC_HMAC_START : CC_RSA_DECRYPT;
    if (is_mac && (key->kind.attributes & TPMC__OBJECT_SIGN) == 0)
        commands[TPMC__USE_FIRST] = commands[TPMC__USE_SECOND] = CC_UNSEAL;
}

int tpmc__key_policy_find_ways(tpmc_key *key, const tpmc__policy_steps *steps,
                               tpmc__policy_paths ways[TPMC__USE_COUNT], tpmc_error *err)
{
    uint32_t commands[TPMC__USE_COUNT];
    int found = 0;
    int status = 0;

    memset(ways, 0, TPMC__USE_COUNT * sizeof(*ways));
    list_commands(key, commands);
    for (size_t i = TPMC__USE_COUNT; i-- > 0;) {
        status = tpmc__policy_paths_find(key->env, steps, key->file->key.name_alg, commands[i],
                                         &ways[i], err);
        if (status == 0)
            status = tpmc__policy_paths_choose(key->policy.given, steps, &ways[i], err);
        found |= status == 0;
        if (status != 0 && status != TPMC_ERR_POLICY)
            return status;
    }
    return found ? 0 : status;
}

int tpmc__key_policy_adopt(tpmc_key *key, tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    tpmc__policy_paths ways[TPMC__USE_COUNT];
    int status = tpmc__key_policy_find_ways(key, steps, ways, err);

    if (status != 0) {
        for (size_t i = 0; i < TPMC__USE_COUNT; i++)
            tpmc__policy_paths_free(&ways[i]);
        return status;
    }
    tpmc__error_clear(err);
    policy->steps = *steps;
    memset(steps, 0, sizeof(*steps));
    memcpy(policy->ways, ways, sizeof(ways));
    atomic_store(&policy->is_guess, 0);
    atomic_store(&policy->is_ready, 1);
    return 0;
}

int tpmc__key_policy_matches(const tpmc_key *key, const tpmc__policy_bytes *digest)
{
    const tpmc__public *public = &key->file->key;

    return digest->len == public->auth_policy_len &&
           memcmp(digest->data, public->auth_policy, digest->len) == 0;
}

/* What was given once and for all is wrong; what is of now may be right another time. */
static int refuse(const tpmc_key *key, const tpmc__policy_bytes *found, tpmc_error *err)
{
    const tpmc__public *public = &key->file->key;
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, TPMC__POLICY_REASONS_MAX);
    tpmc__buf_append_text(&text, tpmc__policy_is_fixed(&key->policy.stated)
                                     ? "the policy that was given is not the one that the key is "
                                       "bound to: its digest is "
                                     : "the policy does not hold now: with what the TPM says now "
                                       "its digest is ");
    tpmc__hex_encode(found->data, found->len, &text);
    tpmc__buf_append_text(&text, ", and the key's authPolicy is ");
    tpmc__hex_encode(public->auth_policy, public->auth_policy_len, &text);
    status = tpmc__buf_check(&text, "the reason", err);
    if (status == 0)
        status = tpmc__fail(err, TPMC_ERR_POLICY, "%s", (const char *)text.data);
    tpmc__buf_free(&text);
    return status;
}

int tpmc__key_policy_compare(const tpmc_key *key, const tpmc__policy_steps *steps, tpmc_error *err)
{
    tpmc__policy_bytes digest;
    int status = tpmc__policy_digest(key->env, steps, key->file->key.name_alg, NULL, &digest, err);

    if (status == 0 && !tpmc__key_policy_matches(key, &digest))
        status = refuse(key, &digest, err);
    return status;
}

static int instantiate(tpmc_key *key, int in_operation, tpmc__policy_steps *steps, tpmc_error *err)
{
    unsigned tries = 0;
    int status = 0;

    if (tpmc__policy_is_fixed(steps))
        return 0;
    if (in_operation)
        return tpmc__policy_instantiate(key->tpm, steps, err);
    status = tpmc__tpm_begin(key->tpm, err);
    if (status != 0)
        return status;
    do {
        status = tpmc__policy_instantiate(key->tpm, steps, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

int tpmc__key_policy_resolve(tpmc_key *key, int in_operation, tpmc__policy_steps *out,
                             tpmc_error *err)
{
    int status = tpmc__policy_copy(&key->policy.stated, out, err);

    if (status == 0)
        status = instantiate(key, in_operation, out, err);
    if (status == 0 && key->policy.source == TPMC__POLICY_FROM_PCR)
        status = tpmc__key_policy_complete(key, out, err);
    if (status < 0)
        return status;
    status = tpmc__key_policy_compare(key, out, err);
    if (status == TPMC_ERR_POLICY && !tpmc__policy_is_fixed(&key->policy.stated))
        tpmc__policy_say_registers(out, err);
    return status;
}

static int make_ready(tpmc_key *key, tpmc_error *err)
{
    tpmc__policy_steps steps = { 0 };
    int status = tpmc__key_policy_resolve(key, 0, &steps, err);

    if (status == 0)
        status = tpmc__key_policy_adopt(key, &steps, err);
    tpmc__policy_free_steps(&steps);
    return status;
}

int tpmc__key_policy_prepare(tpmc_key *key, tpmc_error *err)
{
    tpmc__key_policy *policy = &key->policy;
    int status = 0;

    if (!policy->is_used || policy->source == TPMC__POLICY_FROM_CALLBACK)
        return 0;
    if (atomic_load(&policy->is_ready))
        return 0;
    status = tpmc__key_acquire_prepare(key, err);
    if (status != 0)
        return status;
    /* Registers of now need not be read: the TPM itself compares what they lead to. */
    if (!atomic_load(&policy->is_ready)) {
        if (policy->source == TPMC__POLICY_FROM_PCR) {
            atomic_store(&policy->is_guess, 1);
            atomic_store(&policy->is_ready, 1);
        } else {
            status = make_ready(key, err);
        }
    }
    tpmc__lock_release(&key->prepare);
    return status;
}

static int has_ways(const tpmc__key_policy *policy)
{
    return policy->is_used && atomic_load(&policy->is_ready) && !atomic_load(&policy->is_guess);
}

int tpmc__key_policy_needs_password(const tpmc_key *key)
{
    const tpmc__key_policy *policy = &key->policy;
    size_t with = 0;
    size_t count = 0;

    if (!policy->is_used)
        return 2;
    if (!has_ways(policy))
        return 1;
    for (size_t i = 0; i < TPMC__USE_COUNT; i++) {
        count += policy->ways[i].count;
        for (size_t j = 0; j < policy->ways[i].count; j++)
            with += (policy->ways[i].items[j].needs & TPMC__PATH_AUTH_VALUE) != 0;
    }
    if (with == 0)
        return 0;
    return with == count ? 2 : 1;
}

int tpmc__key_policy_only_first(const tpmc_key *key)
{
    const tpmc__key_policy *policy = &key->policy;

    return has_ways(policy) && policy->ways[TPMC__USE_SECOND].count == 0;
}

int tpmc__key_policy_only_second(const tpmc_key *key)
{
    const tpmc__key_policy *policy = &key->policy;

    return has_ways(policy) && policy->ways[TPMC__USE_FIRST].count == 0;
}

int tpmc__key_policy_has_calls(const tpmc_key *key)
{
    const tpmc__key_policy *policy = &key->policy;

    if (!has_ways(policy))
        return 0;
    for (size_t i = 0; i < TPMC__USE_COUNT; i++) {
        for (size_t j = 0; j < policy->ways[i].count; j++) {
            if (policy->ways[i].items[j].needs & (TPMC__PATH_SIGNER | TPMC__PATH_ACTION))
                return 1;
        }
    }
    return 0;
}
