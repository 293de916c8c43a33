/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/keyfile_fixture.h"

#include <stdio.h>

#include "keyfile/keyfile.h"

/* Files that other programs wrote, in a folder that need not be there. */
#define FOLDER TPMCLOUD_VECTORS "/tss2keys/"

typedef struct vector {
    const char *file;
    tpmc__keyfile_type type;
    int old_layout;
    int has_empty_auth; /* every file that states it says TRUE */
    uint16_t key_type;
    size_t steps;
    size_t auth_policies;
    const char *shown[2]; /* what the description must hold */
} vector;

static const vector vectors[] = {
    { "20_ote_ec.tpm",
      TPMC__KEYFILE_LOADABLE,
      0,
      1,
      TPMC__ALG_ECC,
      0,
      0,
      { "\"curve\":\"P-256\"", "\"scheme\":\"null\"" } },
    { "20_ote_rsa.tpm",
      TPMC__KEYFILE_LOADABLE,
      0,
      1,
      TPMC__ALG_RSA,
      0,
      0,
      { "\"kind\":\"RSA 2048\"", "\"noda\",\"decrypt\"]" } },
    { "21_ote_pcr.tpm",
      TPMC__KEYFILE_LOADABLE,
      0,
      1,
      TPMC__ALG_ECC,
      1,
      0,
      { "\"command\":\"PolicyPCR\"", "\"policy_applies\":true" } },
    { "24_ote_old.tpm",
      TPMC__KEYFILE_LOADABLE,
      1,
      1,
      TPMC__ALG_ECC,
      0,
      0,
      { "\"layout\":\"old\"", "primary of the old layout" } },
    { "25_ote_imp_rsa.tpm",
      TPMC__KEYFILE_IMPORTABLE,
      0,
      1,
      TPMC__ALG_RSA,
      0,
      0,
      { "\"type\":\"importable\"", "\"secret\":true" } },
    { "26_ote_signed.tpm",
      TPMC__KEYFILE_LOADABLE,
      0,
      1,
      TPMC__ALG_ECC,
      1,
      2,
      { "\"command\":\"PolicyAuthorize\"", "{\"name\":\"wrong\",\"policy\":[" } },
    { "29_ote_seal.tpm",
      TPMC__KEYFILE_SEALED,
      0,
      1,
      TPMC__ALG_KEYEDHASH,
      0,
      0,
      { "\"type\":\"sealed\"", "\"kind\":\"sealed data\"" } },
    { "40_genkey_pcrauth.pem",
      TPMC__KEYFILE_LOADABLE,
      0,
      0,
      TPMC__ALG_RSA,
      2,
      0,
      { "\"command\":\"PolicyAuthValue\"", "\"scheme_hash\":\"sha256\"" } },
    { "42_genkey_or.pem",
      TPMC__KEYFILE_LOADABLE,
      0,
      0,
      TPMC__ALG_ECC,
      4,
      0,
      { "\"command\":\"PolicyOR\"", "\"command\":\"PolicySecret\"" } },
};

/* 0 when there is no such file. */
static size_t load(const char *name, char *out, size_t capacity)
{
    char path[1024];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s%s", FOLDER, name);
    file = fopen(path, "rb");
    if (!file)
        return 0;
    len = fread(out, 1, capacity, file);
    fclose(file);
    return len;
}

static void check_file(const vector *expected, const tpmc__keyfile *file)
{
    assert_int_equal(file->type, expected->type);
    assert_int_equal(file->old_layout, expected->old_layout);
    assert_int_equal(file->has_empty_auth, expected->has_empty_auth);
    assert_int_equal(file->empty_auth, expected->has_empty_auth);
    assert_int_equal(file->parent, 0x40000001);
    assert_int_equal(file->handle, 0);
    assert_int_equal(file->key.type, expected->key_type);
    assert_int_equal(file->policy.count, expected->steps);
    assert_int_equal(file->auth_policy_count, expected->auth_policies);
    assert_int_equal(file->secret != NULL, expected->type == TPMC__KEYFILE_IMPORTABLE);
    assert_true(file->private_len > 100);
}

static void check_description(tpmc_env *env, const vector *expected, const tpmc__keyfile *file)
{
    tpmc__json *json = NULL;
    tpmc__buf text;
    size_t i;

    tpmc__buf_init(&text, TPMC__KEYFILE_MAX);
    assert_int_equal(tpmc__keyfile_describe(env, file, &json, NULL), 0);
    assert_int_equal(tpmc__json_print(json, &text), 0);
    for (i = 0; i < sizeof(expected->shown) / sizeof(expected->shown[0]); i++) {
        if (!strstr((const char *)text.data, expected->shown[i]))
            fail_msg("%s: %s does not hold %s", expected->file, (const char *)text.data,
                     expected->shown[i]);
    }
    tpmc__json_free(json);
    tpmc__buf_free(&text);
}

/* What other programs wrote in the current layout comes out as it went in. */
static void check_written(const tpmc__keyfile *file, const char *pem, size_t len)
{
    tpmc__buf out;

    tpmc__buf_init(&out, TPMC__KEYFILE_MAX);
    if (file->old_layout) {
        assert_int_equal(tpmc__keyfile_write(file, &out), TPMC_ERR_ARGUMENT);
    } else {
        assert_int_equal(tpmc__keyfile_write(file, &out), 0);
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, pem, len);
    }
    tpmc__buf_free(&out);
}

static void files_of_other_programs_are_read_and_shown(void **state)
{
    tpmc_error *err = *state;
    tpmc_env *env;
    char pem[8192];
    tpmc__keyfile file;
    size_t i;

    if (load(vectors[0].file, pem, sizeof(pem)) == 0) {
        print_message("skipped: there are no key files in " FOLDER "\n");
        skip();
    }
    env = bare_env_new();
    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        size_t len = load(vectors[i].file, pem, sizeof(pem));

        expect_success(tpmc__keyfile_parse(pem, len, &file, err), err);
        check_file(&vectors[i], &file);
        check_description(env, &vectors[i], &file);
        check_written(&file, pem, len);
        tpmc__keyfile_free(&file);
    }
    tpmc_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(files_of_other_programs_are_read_and_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
