/* SPDX-License-Identifier: Apache-2.0 */
#include "tpmkey/new_key.h"

#include <string.h>

#include "base/mem.h"
#include "keyfile/tpm_names.h"
#include "tpm/hierarchy.h"
#include "tpmkey/new_public.h"

#define HMAC_SECRET_MAX 128
#define DEFAULT_EXPONENT 65537u
#define RC_HASH 0x083u
#define RC_RANGE 0x08du

/* A TPM takes no HMAC key of more than a block; HMAC itself hashes such a key first (RFC 2104
 * section 3), so that the MACs stay the same. */
static int take_secret(tpmc_env *env, uint16_t hash, tpmc__span data, tpmc__secret *out,
                       tpmc_error *err)
{
    const size_t block = tpmc__hash_size(hash) > 32 ? 128 : 64;
    uint8_t digest[TPMC__DIGEST_MAX];
    int status = 0;

    if (data.len > HMAC_SECRET_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the HMAC secret has %zu bytes; at most %d are taken", data.len,
                          HMAC_SECRET_MAX);
    if (data.len <= block)
        return tpmc__secret_set(out, data.data, data.len, err);
    status = tpmc__digest(env, hash, &data, 1, digest, err);
    if (status == 0)
        status = tpmc__secret_set(out, digest, tpmc__hash_size(hash), err);
    tpmc__mem_wipe(digest, sizeof(digest));
    return status;
}

static int read_hmac(const tpmc_key_template *key_template, tpmc__span data, tpmc__new_source *out,
                     tpmc__public *key, tpmc_error *err)
{
    int status = tpmc__new_public_imported_hmac(key_template, key, err);

    if (status != 0)
        return status;
    return take_secret(key_template->env, key->scheme.hash, data, &out->hmac, err);
}

static int read_software(const tpmc_key_template *key_template, tpmc__span data,
                         tpmc__new_source *out, tpmc__public *key, tpmc_error *err)
{
    int status =
        tpmc__private_key_parse(key_template->env, data.data, data.len, &out->software, err);

    if (status != 0)
        return status;
    status = tpmc__new_public_imported(key_template, &out->software, key, err);
    if (status != 0)
        tpmc__private_key_free(&out->software);
    return status;
}

int tpmc__new_source_read(const tpmc_key_template *key_template, tpmc__span data,
                          tpmc__new_source *out, tpmc__public *key, tpmc_error *err)
{
    memset(out, 0, sizeof(*out));
    if (data.data == NULL || data.len == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the parameter 'data' is %s",
                          data.data == NULL ? "NULL" : "empty");
    if (tpmc__new_public_is_hmac(key_template))
        return read_hmac(key_template, data, out, key, err);
    if (data.len > TPMC__PRIVATE_KEY_MAX)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the private key is larger than %d bytes",
                          TPMC__PRIVATE_KEY_MAX);
    return read_software(key_template, data, out, key, err);
}

int tpmc__new_source_wrap(const tpmc_key_template *key_template, const tpmc__new_source *source,
                          const tpmc__public *parent, tpmc__public *key, tpmc__wrapped *out,
                          tpmc_error *err)
{
    if (tpmc__secret_is_set(&source->hmac))
        return tpmc__wrap_symmetric(key_template->env, parent, key, &key_template->password,
                                    &source->hmac, out, err);
    return tpmc__wrap(key_template->env, parent, key, &key_template->password,
                      &source->software.secret, out, err);
}

void tpmc__new_source_free(tpmc__new_source *source)
{
    tpmc__secret_clear(&source->hmac);
    tpmc__private_key_free(&source->software);
}

int tpmc__new_file_fill(tpmc_key_template *key_template, tpmc__keyfile *file, tpmc_error *err)
{
    const char *description =
        tpmc__options_text(&key_template->options, TPMC__KEY_TEMPLATE_DESCRIPTION);
    tpmc__parent_place place;

    tpmc__template_place(key_template, &place);
    file->parent = place.handle;
    file->rsa_parent = place.which == TPMC__TEMPLATE_H1;
    file->has_empty_auth = 1;
    file->empty_auth = key_template->password.len == 0;
    if (description == NULL)
        return 0;
    file->description = tpmc__mem_copy_text(description);
    return file->description == NULL ? tpmc__fail_nomem(err) : 0;
}

int tpmc__new_file_set_key(tpmc__keyfile *file, const tpmc__public *key,
                           const uint8_t *private_bytes, size_t private_len, tpmc_error *err)
{
    tpmc__buf bytes;
    int status = 0;

    if (private_len > sizeof(file->private_bytes))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                          "the private part of %zu bytes is larger than a key file takes",
                          private_len);
    tpmc__buf_init(&bytes, sizeof(file->public_bytes));
    tpmc__public_write(key, &bytes);
    status = tpmc__buf_check(&bytes, "the public area", err);
    if (status == 0) {
        file->key = *key;
        memcpy(file->public_bytes, bytes.data, bytes.len);
        file->public_len = bytes.len;
        memcpy(file->private_bytes, private_bytes, private_len);
        file->private_len = private_len;
    }
    tpmc__buf_free(&bytes);
    return status;
}

int tpmc__new_file_give(const tpmc__keyfile *file, tpmc_bytes **pem, tpmc_error *err)
{
    tpmc__buf text;

    tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
    tpmc__keyfile_write(file, &text);
    return tpmc__bytes_from_buf(&text, "the key file", pem, err);
}

int tpmc__new_key_load_once(tpmc_tpm *tpm, tpmc__parent *parent, const tpmc__public *key,
                            const tpmc__private_part *private_part, tpmc_error *err)
{
    tpmc__loaded *loaded = NULL;
    int status =
        tpmc__parent_load(tpm, parent, key, private_part->bytes, private_part->len, &loaded, err);

    tpmc__loaded_drop(tpm, loaded);
    return status;
}

/* 1 when a code that is about a parameter, or about nothing in particular, means that the TPM does
 * not have such keys. */
static int is_about_kind(uint32_t rc)
{
    static const uint32_t codes[] = { TPMC__RC_ASYMMETRIC, RC_HASH,       TPMC__RC_VALUE,
                                      TPMC__RC_KEY_SIZE,   TPMC__RC_TYPE, RC_RANGE,
                                      TPMC__RC_SCHEME,     TPMC__RC_SIZE, TPMC__RC_CURVE };
    int is_about_handle = !(rc & 0x40u) && (rc & 0xf00u) != 0;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !is_about_handle; i++) {
        if (tpmc__rc_base(rc) == codes[i])
            return 1;
    }
    return 0;
}

static int say_missing(const tpmc__public *key, uint32_t rc, tpmc_error *err)
{
    const tpmc__curve *curve = tpmc__curve_find(key->curve);
    const char *hash = tpmc__hash_name(key->scheme.hash);
    uint32_t base = tpmc__rc_base(rc);

    if (hash != NULL && (base == RC_HASH || key->type == TPMC__ALG_KEYEDHASH))
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this TPM does not take %s keys with %s",
                          tpmc__alg_name(key->scheme.algorithm), hash);
    if (base == TPMC__RC_SCHEME && key->scheme.algorithm != TPMC__ALG_NULL)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this TPM does not have the scheme %s",
                          tpmc__alg_name(key->scheme.algorithm));
    if (key->type == TPMC__ALG_ECC)
        return tpmc__fail(err, TPMC_ERR_UNSUPPORTED, "this TPM does not have the curve %s",
                          curve == NULL ? "of this key" : curve->name);
    return tpmc__fail(err, TPMC_ERR_UNSUPPORTED,
                      "this TPM does not take RSA keys of %u bits with the exponent %u",
                      (unsigned)key->key_bits,
                      (unsigned)(key->exponent == 0 ? DEFAULT_EXPONENT : key->exponent));
}

int tpmc__new_key_explain(const tpmc_tpm *tpm, const tpmc__public *key, int status, tpmc_error *err)
{
    uint32_t rc = tpm->refusal;

    if ((status != TPMC_ERR_TPM && status != TPMC_ERR_UNSUPPORTED) || !is_about_kind(rc))
        return status;
    status = say_missing(key, rc, err);
    tpmc__error_set_tpm_code(err, rc);
    return status;
}
