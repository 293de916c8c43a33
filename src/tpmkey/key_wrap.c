/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "tpmkey/new_key.h"
#include "tpmkey/new_policy.h"

/* A TPM2B_PUBLIC, or the TPMT_PUBLIC inside it, whose first two bytes are a type and no size. */
static int parse_parent(tpmc__span area, tpmc__public *out, tpmc_error *err)
{
    const uint8_t *bytes = area.data;
    tpmc__buf sized;
    int status = 0;

    if (area.len >= 2 && (size_t)bytes[0] << 8 == ((area.len - 2) & 0xff00u) &&
        bytes[1] == ((area.len - 2) & 0xffu))
        return tpmc__public_parse(area.data, area.len, out, err);
    tpmc__buf_init(&sized, TPMC__PUBLIC_MAX + 2);
    tpmc__buf_append_be16(&sized, (uint16_t)area.len);
    tpmc__buf_append(&sized, area.data, area.len);
    status = tpmc__buf_check(&sized, "the parent's public area", err);
    if (status == 0)
        status = tpmc__public_parse(sized.data, sized.len, out, err);
    tpmc__buf_free(&sized);
    return status;
}

static int read_parent(const tpmc_key_template *key_template, tpmc__span area, tpmc__public *out,
                       tpmc_error *err)
{
    const char *pin = tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_PARENT_NAME);
    const char *flaw = NULL;
    int status = parse_parent(area, out, err);

    if (status != 0) {
        tpmc__error_prefix(err, "the parent's public area");
        return status;
    }
    if (!tpmc__public_is_storage(out))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the parent's public area is not that of a storage key, under which "
                          "keys can be: it has to be an RSA or ECC key, restricted and for "
                          "decryption");
    flaw = tpmc__public_unique_flaw(out);
    if (flaw != NULL)
        return tpmc__fail(err, TPMC_ERR_FORMAT, "the parent's public area is not that of a key: %s",
                          flaw);
    return tpmc__parent_check_pin(key_template->env, out, pin, err);
}

/* A file under a primary says by a flag which of two it is; where the caller has not, the parent
 * itself does. */
static int settle_parent_flag(const tpmc_key_template *key_template, const tpmc__public *parent,
                              tpmc__keyfile *file, tpmc_error *err)
{
    int is_rsa = parent->type == TPMC__ALG_RSA;

    if (tpmc__options_is_set(&key_template->options, TPMC__KEY_TEMPLATE_PARENT_HANDLE))
        return 0;
    if (tpmc__options_is_set(&key_template->options, TPMC__KEY_TEMPLATE_PARENT) &&
        is_rsa != file->rsa_parent)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parent's public area is that of an %s key, and the option 'parent' "
                          "is %s, which means the %s primary",
                          is_rsa ? "RSA" : "ECC",
                          tpmc__template_word(key_template, TPMC__KEY_TEMPLATE_PARENT),
                          is_rsa ? "ECC" : "RSA");
    file->rsa_parent = is_rsa;
    return 0;
}

static int wrap_source(const tpmc_key_template *key_template, const tpmc__new_source *source,
                       const tpmc__public *parent, tpmc__public *key, tpmc__keyfile *file,
                       tpmc_error *err)
{
    tpmc__wrapped wrapped;
    int status = tpmc__new_source_wrap(key_template, source, parent, key, &wrapped, err);

    if (status != 0)
        return status;
    status = tpmc__new_file_set_key(file, key, wrapped.duplicate.data, wrapped.duplicate.len, err);
    if (status == 0) {
        file->secret = tpmc__mem_copy(wrapped.seed.data, wrapped.seed.len);
        file->secret_len = wrapped.seed.len;
        if (file->secret == NULL)
            status = tpmc__fail_nomem(err);
    }
    tpmc__wrapped_free(&wrapped);
    return status;
}

static int bind_policy(const tpmc_key_template *key_template, tpmc__public *key,
                       tpmc__keyfile *file, tpmc_error *err)
{
    tpmc__new_policy policy;
    int status = tpmc__new_policy_read_checked(key_template, &policy, err);

    if (status != 0)
        return status;
    status = tpmc__new_policy_check_fixed(&policy, err);
    if (status == 0)
        status = tpmc__new_policy_bind_fixed(&policy, key, file, err);
    tpmc__new_policy_free(&policy);
    return status;
}

static int fill_file(tpmc_key_template *key_template, const tpmc__public *parent, tpmc__span data,
                     tpmc__keyfile *file, tpmc_error *err)
{
    tpmc__new_source source;
    tpmc__public key;
    int status = tpmc__new_source_read(key_template, data, &source, &key, err);

    if (status != 0)
        return status;
    file->type = TPMC__KEYFILE_IMPORTABLE;
    status = tpmc__new_file_fill(key_template, file, err);
    if (status == 0)
        status = settle_parent_flag(key_template, parent, file, err);
    if (status == 0)
        status = bind_policy(key_template, &key, file, err);
    if (status == 0)
        status = wrap_source(key_template, &source, parent, &key, file, err);
    tpmc__new_source_free(&source);
    return status;
}

static int wrap_key(tpmc_key_template *key_template, tpmc__span area, tpmc__span data,
                    tpmc_bytes **pem, tpmc_error *err)
{
    tpmc__public parent;
    tpmc__keyfile *file = NULL;
    int status = read_parent(key_template, area, &parent, err);

    if (status != 0)
        return status;
    file = tpmc__mem_new(1, sizeof(*file));
    if (file == NULL)
        return tpmc__fail_nomem(err);
    status = fill_file(key_template, &parent, data, file, err);
    if (status == 0)
        status = tpmc__new_file_give(file, pem, err);
    tpmc__keyfile_free(file);
    tpmc__mem_free(file);
    return status;
}

int tpmc_key_wrap(tpmc_key_template *key_template, const void *parent_public,
                  size_t parent_public_len, const void *data, size_t len, tpmc_bytes **pem,
                  tpmc_error *err)
{
    tpmc__span area = { parent_public, parent_public_len };
    tpmc__span input = { data, len };
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    status = tpmc__template_enter_offline(key_template, err);
    if (status != 0)
        return status;
    if (parent_public == NULL || parent_public_len == 0 || parent_public_len > TPMC__PUBLIC_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the parameter 'parent_public' is not a public area of 1 to %d bytes",
                          TPMC__PUBLIC_MAX);
    return wrap_key(key_template, area, input, pem, err);
}
