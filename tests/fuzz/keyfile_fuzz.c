/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_env *make_env(void)
{
    static const tpmc__env_defaults none;
    tpmc_env *env = NULL;

    if (tpmc__env_create(&none, &env, NULL) != 0)
        abort();
    return env;
}

static void expect_same(const tpmc__buf *a, const void *data, size_t len)
{
    if (a->len != len || memcmp(a->data, data, len) != 0)
        abort();
}

/* What was taken for a public area is written with the same bytes. */
static void try_public(const uint8_t *data, size_t size)
{
    tpmc__public key;
    tpmc__buf out;

    if (tpmc__public_parse(data, size, &key, NULL) != 0)
        return;
    tpmc__buf_init(&out, TPMC__PUBLIC_MAX);
    if (tpmc__public_write(&key, &out) != 0)
        abort();
    expect_same(&out, data, size);
    tpmc__buf_free(&out);
}

/* Halves of the input as a pair of public area and private part; the first two bytes cut it. */
static void try_pair(const uint8_t *data, size_t size)
{
    tpmc__keyfile file;
    size_t cut;

    if (size < 2)
        return;
    cut = 2 + (size_t)(data[0] << 8 | data[1]);
    if (cut > size)
        cut = size;
    if (tpmc__keyfile_from_pair(data, cut, data + cut, size - cut, &file, NULL) == 0)
        tpmc__keyfile_free(&file);
}

/* What was taken for a file can be described and asked for its parent. */
static void ask_file(tpmc_env *env, const tpmc__keyfile *file)
{
    tpmc__json *json = NULL;
    int status;

    if (tpmc__keyfile_describe(env, file, &json, NULL) != 0)
        abort();
    tpmc__json_free(json);
    status = tpmc__keyfile_check_parent(env, file, &file->key, NULL);
    if (status != 0 && (status != TPMC_ERR_WRONG_TPM || !file->parent_id))
        abort();
    if (file->handle ? file->private_len != 0 : file->private_len == 0)
        abort();
}

/* What is written reads as the same again. The old layout is never written. */
static void rewrite_file(const tpmc__keyfile *file)
{
    tpmc__keyfile again;
    tpmc__buf first;
    tpmc__buf second;

    tpmc__buf_init(&first, 2 * TPMC__KEYFILE_MAX);
    tpmc__buf_init(&second, 2 * TPMC__KEYFILE_MAX);
    if (tpmc__keyfile_write(file, &first) != (file->old_layout ? TPMC_ERR_ARGUMENT : 0))
        abort();
    /* PEM is longer than DER: a file near the ceiling does not come back. */
    if (first.len != 0 && first.len <= TPMC__KEYFILE_MAX) {
        if (tpmc__keyfile_parse(first.data, first.len, &again, NULL) != 0 ||
            tpmc__keyfile_write(&again, &second) != 0)
            abort();
        expect_same(&second, first.data, first.len);
        tpmc__keyfile_free(&again);
    }
    tpmc__buf_free(&first);
    tpmc__buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tpmc_env *env;
    tpmc__keyfile file;

    if (!env)
        env = make_env();
    try_public(data, size);
    try_pair(data, size);
    if (tpmc__keyfile_parse(data, size, &file, NULL) == 0) {
        ask_file(env, &file);
        rewrite_file(&file);
        tpmc__keyfile_free(&file);
    }
    return 0;
}
