/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error_int.h"
#include "keyfile/keyfile_field.h"

tpmc__template tpmc__keyfile_parent_template(const tpmc__keyfile *file)
{
    if (file->rsa_parent)
        return TPMC__TEMPLATE_H1;
    return file->old_layout ? TPMC__TEMPLATE_OLD : TPMC__TEMPLATE_H2;
}

int tpmc__keyfile_parent_name(tpmc_env *env, const tpmc__keyfile *file, uint8_t *name, size_t *len,
                              tpmc_error *err)
{
    tpmc__public parent;
    int status;

    *len = 0;
    if (!file->parent_id)
        return 0;
    if (tpmc__keyfile_is_name(file->parent_id, file->parent_id_len)) {
        memcpy(name, file->parent_id, file->parent_id_len);
        *len = file->parent_id_len;
        return 0;
    }
    status = tpmc__public_parse(file->parent_id, file->parent_id_len, &parent, err);
    return status ? status : tpmc__public_name(env, &parent, name, len, err);
}

int tpmc__keyfile_check_parent(tpmc_env *env, const tpmc__keyfile *file, const tpmc__public *parent,
                               tpmc_error *err)
{
    uint8_t wanted[TPMC__NAME_MAX];
    uint8_t found[TPMC__NAME_MAX];
    size_t wanted_len = 0;
    size_t found_len = 0;
    int status = tpmc__keyfile_parent_name(env, file, wanted, &wanted_len, err);

    if (status || wanted_len == 0)
        return status;
    status = tpmc__public_name(env, parent, found, &found_len, err);
    if (status)
        return status;
    if (found_len == wanted_len && memcmp(found, wanted, found_len) == 0)
        return 0;
    return tpmc__fail(err, TPMC_ERR_WRONG_TPM,
                      "the key belongs to another parent than the one in this TPM at 0x%08lx: the "
                      "key file states that parent's Name; the key was made in another TPM, or "
                      "this TPM was cleared or its parent replaced since",
                      (unsigned long)file->parent);
}
