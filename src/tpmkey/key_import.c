/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes_int.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "codec/private_key.h"
#include "keyfile/keyfile.h"
#include "keyfile/wrap.h"
#include "tpm/primary.h"
#include "tpmkey/template_int.h"

#define PARENT_OWNER 0x40000001u

static const uint16_t schemes[] = {
    [TPMC__SCHEME_NULL] = TPMC__ALG_NULL,
    [TPMC__SCHEME_RSASSA] = TPMC__ALG_RSASSA,
    [TPMC__SCHEME_RSAPSS] = TPMC__ALG_RSAPSS,
};

/* An import on its way. */
struct import {
    tpmc_tpm *tpm;
    const tpmc_key_template *key_template;
    tpmc__rsa_private source;
    tpmc__keyfile file; /* what will be written */
};

/* The public area of the new key. */
static void fill_public(const struct import *import, tpmc__public *out)
{
    const tpmc__options *options = &import->key_template->options;
    int64_t scheme = tpmc__options_number(options, TPMC__KEY_TEMPLATE_SCHEME);

    memset(out, 0, sizeof(*out));
    out->type = TPMC__ALG_RSA;
    out->name_alg = TPMC__HASH_SHA256;
    out->attributes = TPMC__OBJECT_USER_WITH_AUTH | TPMC__OBJECT_SIGN;
    /* A TPM whose PSS salt is wrong can still sign by decrypting, if the key may. */
    if (scheme == TPMC__SCHEME_NULL)
        out->attributes |= TPMC__OBJECT_DECRYPT;
    if (!tpmc__options_number(options, TPMC__KEY_TEMPLATE_DICTIONARY_ATTACK))
        out->attributes |= TPMC__OBJECT_NO_DA;
    out->symmetric.algorithm = TPMC__ALG_NULL;
    out->scheme.algorithm = schemes[scheme];
    if (scheme != TPMC__SCHEME_NULL)
        out->scheme.hash = TPMC__HASH_SHA256;
    out->key_bits = (uint16_t)(import->source.modulus_len * 8);
    out->exponent = import->source.exponent == 65537 ? 0 : import->source.exponent;
    memcpy(out->unique, import->source.modulus, import->source.modulus_len);
    out->unique_len = import->source.modulus_len;
}

/* All of the file but the private part. */
static int fill_file(struct import *import, tpmc_error *err)
{
    const char *description =
        tpmc__options_text(&import->key_template->options, TPMC__KEY_TEMPLATE_DESCRIPTION);
    tpmc__keyfile *file = &import->file;
    tpmc__buf bytes;
    int status = 0;

    fill_public(import, &file->key);
    tpmc__buf_init(&bytes, sizeof(file->public_bytes));
    tpmc__public_write(&file->key, &bytes);
    status = tpmc__buf_check(&bytes, "the public area", err);
    if (status == 0) {
        memcpy(file->public_bytes, bytes.data, bytes.len);
        file->public_len = bytes.len;
    }
    tpmc__buf_free(&bytes);
    if (status != 0)
        return status;
    file->type = TPMC__KEYFILE_LOADABLE;
    file->has_empty_auth = 1;
    file->empty_auth = import->key_template->password.len == 0;
    file->parent = PARENT_OWNER;
    if (description == NULL)
        return 0;
    file->description = tpmc__mem_copy_text(description);
    return file->description == NULL ? tpmc__fail_nomem(err) : 0;
}

/* Copies a TPM2B, size included, into libtss2's form of it. */
static int take_tpm2b(const tpmc__buf *bytes, UINT16 *size, BYTE *buffer, size_t capacity,
                      tpmc_error *err)
{
    size_t len = bytes->len - 2;

    if (len > capacity)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "the key is larger than this libtss2 takes");
    memcpy(buffer, bytes->data + 2, len);
    *size = (UINT16)len;
    return 0;
}

static int keep_private(struct import *import, const TPM2B_PRIVATE *made, tpmc_error *err)
{
    tpmc__keyfile *file = &import->file;

    if (made->size == 0 || made->size + 2u > sizeof(file->private_bytes))
        return tpmc__fail(err, TPMC_ERR_TPM, "the TPM returned a private part of %u bytes",
                          (unsigned)made->size);
    file->private_bytes[0] = (uint8_t)(made->size >> 8);
    file->private_bytes[1] = (uint8_t)made->size;
    memcpy(file->private_bytes + 2, made->buffer, made->size);
    file->private_len = made->size + 2u;
    return 0;
}

/* A key that cannot be loaded again would be found out too late: its original may be gone by then.
 */
static int load_once(struct import *import, ESYS_TR parent, const TPM2B_PRIVATE *private,
                     const TPM2B_PUBLIC *public, tpmc_error *err)
{
    tpmc_tpm *tpm = import->tpm;
    uint8_t name[TPMC__NAME_MAX];
    size_t name_len = 0;
    tpmc__loaded *loaded = NULL;
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc = 0;
    int status = tpmc__public_name(tpm->env, &import->file.key, name, &name_len, err);

    if (status != 0)
        return status;
    rc = Esys_Load(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private, public,
                   &tr);
    status = tpmc__tpm_result(tpm, rc, "TPM2_Load", err);
    if (status != 0)
        return status;
    status = tpmc__loaded_new(tpm, tr, name, name_len, &loaded, err);
    tpmc__loaded_drop(tpm, loaded);
    return status;
}

/* A TPM that does not have a size of key says so in one of several ways. */
static int explain_refusal(const struct import *import, int status, tpmc_error *err)
{
    static const uint32_t codes[] = { TPMC__RC_VALUE, TPMC__RC_KEY_SIZE, TPMC__RC_SIZE };
    uint32_t rc = import->tpm->refusal;

    for (size_t i = 0; status == TPMC_ERR_TPM && i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (tpmc__rc_base(rc) != codes[i])
            continue;
        status =
            tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                       "this TPM does not take RSA keys of %u bits with the exponent %u",
                       (unsigned)import->source.modulus_len * 8, (unsigned)import->source.exponent);
        tpmc__error_set_tpm_code(err, rc);
    }
    return status;
}

static int import_wrapped(struct import *import, ESYS_TR parent, const tpmc__wrapped *wrapped,
                          tpmc_error *err)
{
    static const TPM2B_DATA no_key = { 0 };
    static const TPMT_SYM_DEF_OBJECT no_symmetric = { .algorithm = TPM2_ALG_NULL };
    tpmc_tpm *tpm = import->tpm;
    TPM2B_PRIVATE duplicate = { 0 };
    TPM2B_ENCRYPTED_SECRET seed = { 0 };
    TPM2B_PUBLIC public;
    TPM2B_PRIVATE *made = NULL;
    TSS2_RC rc = 0;
    int status = tpmc__tss_public(&import->file.key, &public, err);

    if (status == 0)
        status = take_tpm2b(&wrapped->duplicate, &duplicate.size, duplicate.buffer,
                            sizeof(duplicate.buffer), err);
    if (status == 0)
        status = take_tpm2b(&wrapped->seed, &seed.size, seed.secret, sizeof(seed.secret), err);
    if (status != 0)
        return status;
    rc = Esys_Import(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_key,
                     &public, &duplicate, &seed, &no_symmetric, &made);
    status = tpmc__tpm_result(tpm, rc, "TPM2_Import", err);
    if (status != 0)
        return explain_refusal(import, status, err);
    status = keep_private(import, made, err);
    if (status == 0)
        status = load_once(import, parent, made, &public, err);
    Esys_Free(made);
    return status;
}

/* Within an operation. */
static int run_once(struct import *import, tpmc_error *err)
{
    tpmc__public parent_public;
    tpmc__loaded *parent = NULL;
    tpmc__wrapped wrapped;
    int status =
        tpmc__parent_create(import->tpm, import->key_template, &parent_public, &parent, err);

    if (status != 0)
        return status;
    status = tpmc__wrap(import->tpm->env, &parent_public, &import->file.key,
                        &import->key_template->password, &import->source.prime, &wrapped, err);
    if (status == 0) {
        status = import_wrapped(import, parent->tr, &wrapped, err);
        tpmc__wrapped_free(&wrapped);
    }
    tpmc__loaded_drop(import->tpm, parent);
    return status;
}

static int run(struct import *import, tpmc_error *err)
{
    unsigned tries = 0;
    int status = tpmc__tpm_begin(import->tpm, err);

    if (status != 0)
        return status;
    do {
        status = run_once(import, err);
    } while (tpmc__tpm_try_again(import->tpm, status, &tries));
    tpmc__tpm_end(import->tpm);
    if (status == 0)
        tpmc__error_clear(err);
    return status;
}

/* Reads the key before the TPM is touched, and writes the file after. */
static int import_key(struct import *import, const void *data, size_t len, tpmc_bytes **pem,
                      tpmc_error *err)
{
    tpmc__buf text;
    int status = tpmc__rsa_private_parse(import->tpm->env, data, len, &import->source, err);

    if (status != 0)
        return status;
    status = fill_file(import, err);
    if (status == 0)
        status = run(import, err);
    if (status == 0) {
        tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
        tpmc__keyfile_write(&import->file, &text);
        status = tpmc__bytes_from_buf(&text, "the key file", pem, err);
    }
    tpmc__rsa_private_free(&import->source);
    tpmc__keyfile_free(&import->file);
    return status;
}

int tpmc_key_import(tpmc_tpm *tpm, tpmc_key_template *key_template, const void *data, size_t len,
                    tpmc_bytes **pem, tpmc_error *err)
{
    tpmc_key_template *used = NULL;
    struct import *import = NULL;
    int status = 0;

    tpmc__error_clear(err);
    if (pem == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'pem' is NULL");
    *pem = NULL;
    if (tpm == NULL || data == NULL || len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter '%s' is %s",
                          tpm == NULL ? "tpm" : "data",
                          tpm == NULL || data == NULL ? "NULL" : "empty");
    if (len > TPMC__PRIVATE_KEY_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the private key is larger than %d bytes",
                          TPMC__PRIVATE_KEY_MAX);
    status = tpmc__env_enter(tpm->env, err);
    if (status != 0)
        return status;
    tpmc__ref_freeze(&tpm->ref);
    status = tpmc__key_template_use(tpm->env, key_template, &used, err);
    if (status != 0)
        return status;
    import = tpmc__mem_new(1, sizeof(*import));
    if (import == NULL) {
        tpmc_key_template_free(used);
        return tpmc__fail_nomem(err);
    }
    import->tpm = tpm;
    import->key_template = used;
    status = import_key(import, data, len, pem, err);
    tpmc__mem_free(import);
    tpmc_key_template_free(used);
    return status;
}
