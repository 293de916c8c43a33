/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile/keyfile_policy.h"
#include "policy/policy_file_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_env *make_env(void)
{
    static const tpmc__env_defaults none;
    tpmc_env *env = NULL;

    if (tpmc__env_create(&none, &env, NULL) != 0)
        abort();
    return env;
}

/* Where steps lead becomes what the key is bound to; 0 when that cannot be known. */
static int bind(tpmc_env *env, const tpmc__policy_steps *steps, tpmc__keyfile *file)
{
    tpmc__policy_bytes digest;

    if (tpmc__policy_digest(env, steps, file->key.name_alg, NULL, &digest, NULL) != 0)
        return 0;
    memcpy(file->key.auth_policy, digest.data, digest.len);
    file->key.auth_policy_len = digest.len;
    return 1;
}

/* Otherwise no input would get beyond the comparison of digests. */
static int bind_as_read(tpmc_env *env, tpmc__keyfile *file)
{
    const tpmc__policy_reader reader = { env, file->key.name_alg, NULL };
    tpmc__policy_list list = { .reader = &reader, .source = &file->policy, .where = "" };
    tpmc__policy_steps alone = { 0 };
    int bound = 0;

    if (file->policy.count > 0)
        bound = tpmc__policy_list_read(&list, 0) == 0 && bind(env, &list.steps, file);
    else
        bound = tpmc__policy_file_common_authorize(&reader, file, &alone) == 0 &&
                bind(env, &alone, file);
    tpmc__policy_free_steps(&list.steps);
    tpmc__policy_free_steps(&alone);
    return bound;
}

/* What was read is sound, leads to the key's authPolicy, and if it can be written then as the same
 * policy. */
static void check(tpmc_env *env, tpmc__keyfile *file, const tpmc__policy_steps *steps)
{
    const tpmc__policy_reader reader = { env, file->key.name_alg, NULL };
    static const tpmc__keyfile_steps none;
    tpmc__policy_steps again;
    tpmc__policy_bytes digest;
    int leads = 0;

    if (tpmc__policy_check(steps, "the policy", NULL) != 0)
        abort();
    if (tpmc__policy_file_leads(&reader, steps, &file->key, &digest, &leads) != 0)
        return;
    if (!leads)
        abort();
    tpmc__keyfile_free_steps(&file->policy);
    tpmc__keyfile_free_auth_policies(file);
    file->policy = none;
    file->auth_policies = NULL;
    file->auth_policy_count = 0;
    if (tpmc__policy_file_write(env, steps, file->key.name_alg, file, NULL) != 0)
        return;
    if (tpmc__policy_file_read(env, file, &again, NULL) != 0)
        abort();
    tpmc__policy_free_steps(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tpmc_env *env;
    tpmc__keyfile file;
    tpmc__policy_steps steps;

    if (env == NULL)
        env = make_env();
    if (tpmc__keyfile_parse(data, size, &file, NULL) != 0)
        return 0;
    if (tpmc__policy_file_read(env, &file, &steps, NULL) == 0)
        tpmc__policy_free_steps(&steps);
    if (bind_as_read(env, &file) && tpmc__policy_file_read(env, &file, &steps, NULL) == 0) {
        check(env, &file, &steps);
        tpmc__policy_free_steps(&steps);
    }
    tpmc__keyfile_free(&file);
    return 0;
}
