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

/* What was taken for a file can be described, and what is written reads as the same again. */
static void use_file(tpmc_env *env, const tpmc__keyfile *file)
{
    tpmc__json *json = NULL;
    tpmc__keyfile again;
    tpmc__buf first;
    tpmc__buf second;

    if (tpmc__keyfile_describe(env, file, &json, NULL) != 0)
        abort();
    tpmc__json_free(json);
    tpmc__buf_init(&first, 2 * TPMC__KEYFILE_MAX);
    tpmc__buf_init(&second, 2 * TPMC__KEYFILE_MAX);
    if (tpmc__keyfile_write(file, &first) != 0)
        abort();
    /* PEM is longer than DER: a file near the ceiling does not come back. */
    if (first.len <= TPMC__KEYFILE_MAX) {
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
    if (tpmc__keyfile_parse(data, size, &file, NULL) == 0) {
        use_file(env, &file);
        tpmc__keyfile_free(&file);
    }
    return 0;
}
