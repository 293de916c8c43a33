/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes_int.h"
#include "tpmkey/template_int.h"

struct reading {
    tpmc_key_template *key_template;
    tpmc__public public;
};

static int read_once(tpmc_tpm *tpm, void *context, tpmc_error *err)
{
    struct reading *reading = context;
    tpmc__parent parent;
    int status = tpmc__template_parent(tpm, reading->key_template, &parent, err);

    if (status != 0)
        return status;
    reading->public = parent.public;
    tpmc__parent_drop(tpm, &parent);
    return 0;
}

static int give_public(const tpmc__public *public, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf bytes;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    tpmc__public_write(public, &bytes);
    return tpmc__bytes_from_buf(&bytes, "the parent's public area", out, err);
}

int tpmc__template_give_name(tpmc_env *env, const tpmc__public *public, tpmc_bytes **out,
                             tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t len = 0;
    int status = tpmc__public_name(env, public, name, &len, err);

    if (status != 0)
        return status;
    return tpmc__bytes_new(name, len, out, err);
}

int tpmc_tpm_read_parent(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc_bytes **public_area,
                         tpmc_bytes **name, tpmc_error *err)
{
    struct reading reading = { 0 };
    int status = 0;

    tpmc__error_clear(err);
    if (public_area != NULL)
        *public_area = NULL;
    if (name != NULL)
        *name = NULL;
    status = tpmc__template_enter(tpm, key_template, &reading.key_template, err);
    if (status != 0)
        return status;
    status = tpmc__template_run(tpm, read_once, &reading, err);
    tpmc_key_template_free(reading.key_template);
    if (status == 0 && public_area != NULL)
        status = give_public(&reading.public, public_area, err);
    if (status == 0 && name != NULL)
        status = tpmc__template_give_name(tpm->env, &reading.public, name, err);
    if (status != 0 && public_area != NULL) {
        tpmc_bytes_free(*public_area);
        *public_area = NULL;
    }
    return status;
}
