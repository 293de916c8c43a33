/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "tpmkey/new_key.h"
#include "tpmkey/new_policy.h"

/* Data that a TPM gives back, which has a type of file of its own. */
static int is_sealed_data(const tpmc__public *key)
{
    return key->type == TPMC__ALG_KEYEDHASH &&
           !(key->attributes & (TPMC__OBJECT_SIGN | TPMC__OBJECT_DECRYPT));
}

/* The steps of the policy that the key has been made with. */
static int add_policy(const tpmc_key_template *key_template, tpmc__keyfile *file, tpmc_error *err)
{
    tpmc__new_policy policy;
    int status = tpmc__new_policy_read(key_template, &policy, err);

    if (status != 0)
        return status;
    status = tpmc__new_policy_attach(&policy, file, err);
    tpmc__new_policy_free(&policy);
    return status;
}

static int convert(tpmc_key_template *key_template, tpmc__span public_area, tpmc__span private_part,
                   tpmc_bytes **pem, tpmc_error *err)
{
    tpmc__keyfile *file = tpmc__mem_new(1, sizeof(*file));
    int status = 0;

    if (file == NULL)
        return tpmc__fail_nomem(err);
    status = tpmc__keyfile_from_pair(public_area.data, public_area.len, private_part.data,
                                     private_part.len, file, err);
    if (status == 0 && is_sealed_data(&file->key))
        file->type = TPMC__KEYFILE_SEALED;
    if (status == 0)
        status = tpmc__new_file_fill(key_template, file, err);
    if (status == 0)
        status = add_policy(key_template, file, err);
    if (status == 0)
        status = tpmc__new_file_give(file, pem, err);
    tpmc__keyfile_free(file);
    tpmc__mem_free(file);
    return status;
}

int tpmc_key_convert(tpmc_key_template *key_template, const void *public_area, size_t public_len,
                     const void *private_part, size_t private_len, tpmc_bytes **pem,
                     tpmc_error *err)
{
    tpmc__span area = { public_area, public_len };
    tpmc__span part = { private_part, private_len };
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    status = tpmc__template_enter_offline(key_template, err);
    if (status != 0)
        return status;
    if (public_area == NULL || public_len == 0 || public_len > TPMC__PUBLIC_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'public_area' is not a TPM2B_PUBLIC of 1 to %d bytes",
                          TPMC__PUBLIC_MAX);
    if (private_part == NULL || private_len == 0 || private_len > TPMC__KEYFILE_PRIVATE_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'private_part' is not a TPM2B_PRIVATE of 1 to %d bytes",
                          TPMC__KEYFILE_PRIVATE_MAX);
    return convert(key_template, area, part, pem, err);
}
