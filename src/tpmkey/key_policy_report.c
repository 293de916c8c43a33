/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "policy/policy_file.h"
#include "policy/policy_json.h"
#include "tpmkey/key_int.h"

static int give_json(tpmc__json *json, const char *what, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf text;

    tpmc__buf_init(&text, 4 * TPMC__KEYFILE_MAX);
    tpmc__json_print(json, &text);
    tpmc__json_free(json);
    return tpmc__bytes_from_buf(&text, what, out, err);
}

/* The door of both reports. */
static int enter(tpmc_key *key, tpmc_bytes **out, tpmc_error *err)
{
    int status = tpmc__key_enter(key, err);

    if (out == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'out' is NULL");
    *out = NULL;
    if (status == 0 && key->tpm == NULL)
        status = tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "a callback key has no policy");
    if (status == 0)
        status = tpmc__key_read(key, err);
    return status;
}

/* The steps that are known, whether the key needs them or not. */
static int check_stated(tpmc_key *key, tpmc_error *err)
{
    const tpmc__key_policy *policy = &key->policy;

    if (policy->source == TPMC__POLICY_FROM_CALLBACK)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the key's policy is left to a callback, so that nothing is known of it");
    if (policy->is_used)
        return tpmc__key_policy_usable(key, err);
    if (policy->source != TPMC__POLICY_FROM_NONE)
        return 0;
    if (key->file->key.auth_policy_len == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY, "the key is bound to no policy");
    return tpmc__key_policy_refuse_unknown(key, err);
}

int tpmc_key_describe_policy(tpmc_key *key, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    int status = enter(key, out, err);

    if (status == 0)
        status = check_stated(key, err);
    if (status == 0)
        status = tpmc__policy_json_write(key->env, &key->policy.stated, key->file->key.name_alg,
                                         &json, err);
    if (status != 0)
        return status;
    return give_json(json, "the policy", out, err);
}

static int check_ways(tpmc_key *key, const tpmc__policy_paths ways[TPMC__USE_COUNT],
                      tpmc__json **out, tpmc_error *err)
{
    const tpmc__policy_paths *first = &ways[TPMC__USE_FIRST];
    const tpmc__policy_paths *found = first->count > 0 ? first : &ways[TPMC__USE_SECOND];
    unsigned tries = 0;
    int status = tpmc__tpm_begin(key->tpm, err);

    if (status != 0)
        return status;
    do {
        status = tpmc__policy_check_now(key->tpm, found, key->file->key.name_alg, key->policy.given,
                                        out, err);
    } while (tpmc__tpm_try_again(key->tpm, status, &tries));
    tpmc__tpm_end(key->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

/* Nothing of it is kept: the key may be in use by other threads. */
static int check_policy(tpmc_key *key, tpmc__json **out, tpmc_error *err)
{
    tpmc__policy_steps steps = { 0 };
    tpmc__policy_paths ways[TPMC__USE_COUNT] = { { 0 } };
    int status = tpmc__key_policy_resolve(key, 0, &steps, err);

    if (status == 0)
        status = tpmc__key_policy_find_ways(key, &steps, ways, err);
    if (status == 0)
        status = check_ways(key, ways, out, err);
    for (size_t i = 0; i < TPMC__USE_COUNT; i++)
        tpmc__policy_paths_free(&ways[i]);
    tpmc__policy_free_steps(&steps);
    return status;
}

int tpmc_key_check_policy(tpmc_key *key, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__json *json = NULL;
    int status = enter(key, out, err);

    if (status == 0)
        status = check_stated(key, err);
    if (status == 0)
        status = check_policy(key, &json, err);
    if (status != 0)
        return status;
    return give_json(json, "the report", out, err);
}
