/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "codec/text.h"
#include "policy/policy_file_int.h"

#define TEXT_MAX 512

static int refuse(const tpmc__policy_reader *reader, const tpmc__public *key,
                  const tpmc__policy_bytes *digest)
{
    tpmc__buf text;
    int status = 0;

    tpmc__buf_init(&text, TEXT_MAX);
    tpmc__buf_append_text(&text, "the steps of the key file do not lead to the key's authPolicy: "
                                 "they give ");
    tpmc__hex_encode(digest->data, digest->len, &text);
    tpmc__buf_append_text(&text, " instead of ");
    tpmc__hex_encode(key->auth_policy, key->auth_policy_len, &text);
    status = tpmc__buf_check(&text, "the reason", reader->err);
    if (status == 0)
        status = tpmc__fail(reader->err, TPMC_ERR_POLICY, "%s", (const char *)text.data);
    tpmc__buf_free(&text);
    return status;
}

/* The reading of the field 'policy' that leads to the key's authPolicy. */
static int read_matching(tpmc__policy_list *list, const tpmc__public *key)
{
    tpmc__policy_bytes digest;
    int leads = 0;
    unsigned variants = 0;
    int status = 0;

    do {
        status = tpmc__policy_list_read(list, variants);
        /* Values of now are compared once they are known. */
        if (status != 0 || !tpmc__policy_is_fixed(&list->steps))
            return status;
        status = tpmc__policy_file_leads(list->reader, &list->steps, key, &digest, &leads);
        if (status != 0 || leads)
            return status;
        variants++;
    } while (variants < 1u << list->ambiguous);
    return refuse(list->reader, key, &digest);
}

static int read_policy(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                       tpmc__policy_steps *out)
{
    tpmc__policy_list list = { .reader = reader,
                               .source = &file->policy,
                               .where = "the field 'policy'" };
    int status = read_matching(&list, &file->key);

    if (status == 0)
        status = tpmc__policy_file_unflatten(reader, &list.steps, out);
    tpmc__policy_free_steps(&list.steps);
    return status;
}

static int read_signed_alone(const tpmc__policy_reader *reader, const tpmc__keyfile *file,
                             tpmc__policy_steps *out)
{
    tpmc__policy_bytes digest;
    int leads = 0;
    int status = tpmc__policy_file_common_authorize(reader, file, out);

    if (status == 0)
        status = tpmc__policy_file_leads(reader, out, &file->key, &digest, &leads);
    return status != 0 || leads ? status : refuse(reader, &file->key, &digest);
}

int tpmc__policy_file_read(tpmc_env *env, const tpmc__keyfile *file, tpmc__policy_steps *out,
                           tpmc_error *err)
{
    const tpmc__policy_reader reader = { env, file->key.name_alg, err };
    int status = 0;

    memset(out, 0, sizeof(*out));
    if (file->policy.count == 0 && file->auth_policy_count == 0)
        return tpmc__fail(err, TPMC_ERR_POLICY, "the key file says nothing about the key's policy");
    if (file->policy.count > 0)
        status = read_policy(&reader, file, out);
    else
        status = read_signed_alone(&reader, file, out);
    if (status == 0)
        status = tpmc__policy_file_give_approved(&reader, file, out);
    if (status == 0)
        status = tpmc__policy_check(out, "the policy of the key file", err);
    if (status != 0)
        tpmc__policy_free_steps(out);
    return status;
}
