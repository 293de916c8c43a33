/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "policy/policy_file_int.h"

int tpmc__policy_list_read_step(tpmc__policy_list *list, size_t i, unsigned variants)
{
    tpmc_error *err = list->reader->err;
    tpmc__policy_step *step = tpmc__policy_append(&list->steps, TPMC__POLICY_AUTH_VALUE);
    int is_ambiguous = 0;
    int status = 0;

    if (step == NULL)
        return tpmc__fail_nomem(err);
    status = tpmc__policy_file_step(list->reader, &list->source->items[i],
                                    variants >> list->ambiguous & 1, step, &list->signature,
                                    &is_ambiguous);
    if (status == TPMC_ERR_FORMAT)
        tpmc__error_prefix(err, "step %zu (%s) of %s of the key file", i + 1,
                           tpmc__policy_kind_name(step->kind), list->where);
    else if (status != 0 && status != TPMC_ERR_NOMEM)
        tpmc__error_prefix(err, "step %zu of %s of the key file", i + 1, list->where);
    if (is_ambiguous && list->ambiguous < TPMC__POLICY_MAX_AMBIGUOUS)
        list->ambiguous++;
    return status;
}

int tpmc__policy_list_read(tpmc__policy_list *list, unsigned variants)
{
    int status = 0;

    tpmc__policy_free_steps(&list->steps);
    list->ambiguous = 0;
    for (size_t i = 0; i < list->source->count && status == 0; i++)
        status = tpmc__policy_list_read_step(list, i, variants);
    return status;
}

int tpmc__policy_same_signer(const tpmc__policy_signer *a, const tpmc__policy_signer *b)
{
    return tpmc__policy_bytes_equal(&a->name, &b->name) &&
           tpmc__policy_bytes_equal(&a->policy_ref, &b->policy_ref);
}

int tpmc__policy_file_leads(const tpmc__policy_reader *reader, const tpmc__policy_steps *steps,
                            const tpmc__public *key, tpmc__policy_bytes *digest, int *out)
{
    int status = tpmc__policy_digest(reader->env, steps, reader->hash, NULL, digest, reader->err);

    *out = status == 0 && digest->len == key->auth_policy_len &&
           memcmp(digest->data, key->auth_policy, digest->len) == 0;
    return status;
}
