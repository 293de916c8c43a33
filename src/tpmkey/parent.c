/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/crypto.h>

#include "base/bytes_int.h"
#include "codec/text.h"
#include "tpm/primary.h"
#include "tpmkey/template_int.h"

/* The pin guards against an interposer that offers a parent of its own, to which a private key
 * would then be encrypted. */
static int check_pin(tpmc_tpm *tpm, const tpmc_key_template *key_template,
                     const tpmc__public *parent, tpmc_error *err)
{
    const char *pin = tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_PARENT_NAME);
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    tpmc__buf wanted;
    int status = 0;

    if (pin == NULL)
        return 0;
    status = tpmc__public_name(tpm->env, parent, name, &name_len, err);
    if (status != 0)
        return status;
    tpmc__buf_init(&wanted, TPMC__NAME_MAX);
    tpmc__hex_decode(pin, strlen(pin), &wanted);
    status = tpmc__buf_check(&wanted, "the option 'parent_name'", err);
    if (status == 0 && (wanted.len != name_len || CRYPTO_memcmp(wanted.data, name, name_len) != 0))
        status = tpmc__fail(
            err, TPMC_ERR_INTEGRITY,
            "the TPM's parent key does not have the Name that option 'parent_name' pins: this is "
            "another TPM, or it has been cleared, or somebody sits between");
    tpmc__buf_free(&wanted);
    return status;
}

int tpmc__parent_create(tpmc_tpm *tpm, const tpmc_key_template *key_template,
                        tpmc__public *public_out, tpmc__loaded **out, tpmc_error *err)
{
    tpmc__public h2;
    int status = 0;

    tpmc__public_h2_template(&h2);
    status = tpmc__primary_create(tpm, TPMC_HIERARCHY_OWNER, &h2, public_out, out, err);
    if (status != 0)
        return status;
    status = check_pin(tpm, key_template, public_out, err);
    if (status != 0) {
        tpmc__loaded_drop(tpm, *out);
        *out = NULL;
    }
    return status;
}

static int give_public(const tpmc__public *public, tpmc_bytes **out, tpmc_error *err)
{
    tpmc__buf bytes;

    tpmc__buf_init(&bytes, TPMC__PUBLIC_MAX);
    tpmc__public_write(public, &bytes);
    return tpmc__bytes_from_buf(&bytes, "the parent's public area", out, err);
}

static int give_name(tpmc_env *env, const tpmc__public *public, tpmc_bytes **out, tpmc_error *err)
{
    uint8_t name[TPMC__NAME_MAX];
    size_t len = 0;
    int status = tpmc__public_name(env, public, name, &len, err);

    if (status != 0)
        return status;
    return tpmc__bytes_new(name, len, out, err);
}

static int read_parent(tpmc_tpm *tpm, const tpmc_key_template *key_template, tpmc__public *public,
                       tpmc_error *err)
{
    tpmc__loaded *parent = NULL;
    unsigned tries = 0;
    int status = tpmc__tpm_begin(tpm, err);

    if (status != 0)
        return status;
    do {
        status = tpmc__parent_create(tpm, key_template, public, &parent, err);
    } while (tpmc__tpm_try_again(tpm, status, &tries));
    tpmc__loaded_drop(tpm, parent);
    tpmc__tpm_end(tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

int tpmc_tpm_read_parent(tpmc_tpm *tpm, tpmc_key_template *key_template, tpmc_bytes **public_area,
                         tpmc_bytes **name, tpmc_error *err)
{
    tpmc_key_template *used = NULL;
    tpmc__public public;
    int status = 0;

    tpmc__error_clear(err);
    if (public_area != NULL)
        *public_area = NULL;
    if (name != NULL)
        *name = NULL;
    if (tpm == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'tpm' is NULL");
    status = tpmc__env_enter(tpm->env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    status = tpmc__key_template_use(tpm->env, key_template, &used, err);
    if (status != 0)
        return status;
    status = read_parent(tpm, used, &public, err);
    tpmc_key_template_free(used);
    if (status == 0 && public_area != NULL)
        status = give_public(&public, public_area, err);
    if (status == 0 && name != NULL)
        status = give_name(tpm->env, &public, name, err);
    if (status != 0 && public_area != NULL) {
        tpmc_bytes_free(*public_area);
        *public_area = NULL;
    }
    return status;
}
