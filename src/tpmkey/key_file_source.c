/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/option_check.h"
#include "codec/file.h"
#include "tpm/persistent.h"
#include "tpmkey/key_int.h"

#define PARENT_OWNER 0x40000001u

static int parse_bytes(const tpmc__buf *bytes, const char *path, tpmc__keyfile *out,
                       tpmc_error *err)
{
    int status = tpmc__keyfile_parse(bytes->data, bytes->len, out, err);

    if (status != 0 && path != NULL)
        tpmc__error_prefix(err, "%.200s", path);
    return status;
}

static int from_keyfile(tpmc_key *key, tpmc__keyfile *out, tpmc_error *err)
{
    const char *path = tpmc__options_text(&key->options, TPMC__KEY_KEYFILE);
    tpmc__buf bytes;
    int status = 0;

    if (path == NULL)
        return parse_bytes(&key->pem, NULL, out, err);
    tpmc__buf_init(&bytes, TPMC__KEYFILE_MAX);
    status = tpmc__file_read(path, "key file", &bytes, err);
    if (status == 0)
        status = parse_bytes(&bytes, path, out, err);
    tpmc__buf_free(&bytes);
    return status;
}

static int from_pair(tpmc_key *key, tpmc__keyfile *out, tpmc_error *err)
{
    const char *public_path = tpmc__options_text(&key->options, TPMC__KEY_PUBLIC);
    const char *private_path = tpmc__options_text(&key->options, TPMC__KEY_PRIVATE);
    tpmc__buf public_area;
    tpmc__buf private_part;
    int status = 0;

    if (public_path == NULL || private_path == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the options 'public' and 'private' are two halves of one key: '%s' is "
                          "missing",
                          public_path == NULL ? "public" : "private");
    tpmc__buf_init(&public_area, TPMC__KEYFILE_MAX);
    tpmc__buf_init(&private_part, TPMC__KEYFILE_MAX);
    status = tpmc__file_read(public_path, "file of the option 'public'", &public_area, err);
    if (status == 0)
        status = tpmc__file_read(private_path, "file of the option 'private'", &private_part, err);
    if (status == 0)
        status = tpmc__keyfile_from_pair(public_area.data, public_area.len, private_part.data,
                                         private_part.len, out, err);
    if (status == TPMC_ERR_FORMAT || status == TPMC_ERR_UNSUPPORTED)
        tpmc__error_prefix(err, "the files of the options 'public' and 'private'");
    tpmc__buf_free(&public_area);
    tpmc__buf_free(&private_part);
    return status;
}

static int read_persistent(tpmc_tpm *tpm, uint32_t handle, tpmc__public *out, tpmc_error *err)
{
    tpmc__loaded *found = NULL;
    unsigned tries = 0;
    int status = tpmc__tpm_begin(tpm, err);

    if (status != 0)
        return status;
    do {
        status = tpmc__persistent_get(tpm, handle, out, &found, err);
    } while (tpmc__tpm_try_again(tpm, status, &tries));
    tpmc__tpm_end(tpm);
    return status;
}

/* The TPM itself says what stands at the handle. */
static int from_handle(tpmc_key *key, tpmc__keyfile *out, tpmc_error *err)
{
    uint32_t handle = tpmc__persistent_handle(tpmc__options_text(&key->options, TPMC__KEY_HANDLE));
    tpmc__buf bytes;
    int status = 0;

    memset(out, 0, sizeof(*out));
    status = read_persistent(key->tpm, handle, &out->key, err);
    if (status != 0)
        return status;
    out->type = TPMC__KEYFILE_LOADABLE;
    out->parent = PARENT_OWNER;
    out->handle = handle;
    tpmc__buf_init(&bytes, sizeof(out->public_bytes));
    tpmc__public_write(&out->key, &bytes);
    status = tpmc__buf_check(&bytes, "the public area", err);
    if (status == 0) {
        memcpy(out->public_bytes, bytes.data, bytes.len);
        out->public_len = bytes.len;
    }
    tpmc__buf_free(&bytes);
    return status;
}

int tpmc__key_read_source(tpmc_key *key, tpmc__keyfile *out, tpmc_error *err)
{
    const tpmc__options *options = &key->options;
    int has_file = tpmc__options_is_set(options, TPMC__KEY_KEYFILE);
    int has_pem = key->pem.len > 0;
    int has_handle = tpmc__options_is_set(options, TPMC__KEY_HANDLE);
    int has_pair = tpmc__options_is_set(options, TPMC__KEY_PUBLIC) ||
                   tpmc__options_is_set(options, TPMC__KEY_PRIVATE);
    int count = has_file + has_pem + has_handle + has_pair;

    if (count == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "no key was given: set the option 'keyfile', or the content of a key "
                          "file, or 'handle', or 'public' and 'private'");
    if (count > 1)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "%s keys were given, and only one can be used: of the options 'keyfile', "
                          "'handle', 'public' with 'private', and the content of a key file, only "
                          "one may be set",
                          count == 2 ? "two" : "several");
    if (has_handle)
        return from_handle(key, out, err);
    return has_pair ? from_pair(key, out, err) : from_keyfile(key, out, err);
}

int tpmc__key_is_persistent(const tpmc_key *key)
{
    return key->file != NULL && key->file->handle != 0;
}

void tpmc__key_place(tpmc_key *key, tpmc__parent_place *out)
{
    const char *given = tpmc__options_text(&key->options, TPMC__KEY_PARENT_HANDLE);

    out->handle = given == NULL ? key->file->parent : tpmc__persistent_handle(given);
    out->which = key->has_fallback ? key->fallback : tpmc__keyfile_parent_template(key->file);
    out->password = &key->parent_password;
    out->refused = &key->parent_refused;
}
