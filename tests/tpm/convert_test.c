/* SPDX-License-Identifier: Apache-2.0 */

/* From the two files of other tools to one key file. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/tss2_file.h"
#include "tpm/made_key.h"
#include "tpm/maker.h"

#define PASSWORD "convert test password"

static const made_key plain = { TPM2_ALG_ECC,       MADE_SIGN, TPM2_ALG_NULL, 0,
                                TPM2_ECC_NIST_P256, NULL,      NULL,          0 };
static const made_key guarded = { TPM2_ALG_ECC,       MADE_SIGN | TPMA_OBJECT_NODA,
                                  TPM2_ALG_NULL,      0,
                                  TPM2_ECC_NIST_P256, NULL,
                                  PASSWORD,           sizeof(PASSWORD) - 1 };
static const made_key sealed = {
    TPM2_ALG_KEYEDHASH, MADE_SECRET, TPM2_ALG_NULL, 0, 0, "a sealed secret", NULL, 0
};

/* The pair as another program's files hold it. */
static void make_pair(const made_key *shape, tss2_file *out)
{
    char pem[TSS2_FILE_TEXT_MAX];

    assert_int_equal(made_key_write(shape, pem), 0);
    tss2_file_read(pem, strlen(pem), out);
}

static int convert(fixture *f, tpmc_key_template *t, const tss2_file *pair, tpmc_bytes **pem)
{
    int rc = tpmc_key_convert(t, pair->public_area, pair->public_len, pair->private_area,
                              pair->private_len, pem, f->err);

    assert_int_equal(rc == 0, *pem != NULL);
    assert_int_equal(rc, tpmc_error_code(f->err));
    return rc;
}

static int convert_with(fixture *f, const char *options, const char *password,
                        const tss2_file *pair, tpmc_bytes **pem)
{
    tpmc_key_template *t = maker_template(f, options, password);
    int rc = convert(f, t, pair, pem);

    tpmc_key_template_free(t);
    return rc;
}

static void converts(void **state)
{
    fixture f;
    tss2_file pair;
    tss2_file made;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&plain, &pair);
    tap_clear(f.tap);
    assert_int_equal(convert_with(&f, "", NULL, &pair, &pem), 0);
    assert_int_equal(tap_count(f.tap), 0);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &made);
    assert_int_equal(made.type, 3);
    assert_int_equal(made.empty_auth, 1);
    assert_int_equal(made.parent, 0x40000001u);
    assert_int_equal(made.public_len, pair.public_len);
    assert_memory_equal(made.public_area, pair.public_area, pair.public_len);
    assert_int_equal(made.private_len, pair.private_len);
    assert_memory_equal(made.private_area, pair.private_area, pair.private_len);
    maker_assert_works(&f, pem, NULL, "ES256");
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* The password is not in the file: it only says that there is one. */
static void the_password_sets_the_flag(void **state)
{
    static const struct {
        const char *password;
        int empty_auth;
    } cases[] = { { NULL, 1 }, { "", 1 }, { PASSWORD, 0 } };
    fixture f;
    tss2_file pair;
    tss2_file made;
    size_t i;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&guarded, &pair);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tpmc_bytes *pem = NULL;

        assert_int_equal(convert_with(&f, "", cases[i].password, &pair, &pem), 0);
        tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &made);
        assert_int_equal(made.empty_auth, cases[i].empty_auth);
        assert_null(strstr((const char *)tpmc_bytes_data(pem), PASSWORD));
        maker_assert_works(&f, pem, PASSWORD, "ES256");
        tpmc_bytes_free(pem);
    }
    maker_teardown(&f);
}

static void place_and_description(void **state)
{
    fixture f;
    tss2_file pair;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&plain, &pair);
    t = maker_template(&f, "template_parent_handle=0x81000003", NULL);
    assert_int_equal(tpmc_key_template_set(t, "description", "made elsewhere", f.err), 0);
    assert_int_equal(convert(&f, t, &pair, &pem), 0);
    assert_true(maker_describes(&f, pem, "0x81000003"));
    assert_true(maker_describes(&f, pem, "made elsewhere"));
    assert_false(maker_describes(&f, pem, "\"rsa_parent\":true"));
    assert_int_equal(tpmc_key_template_set(t, "parent", "null", f.err), TPMC_ERR_STATE);
    tpmc_key_template_free(t);
    tpmc_bytes_free(pem);
    pem = NULL;
    assert_int_equal(convert_with(&f, "parent=endorsement-rsa", NULL, &pair, &pem), 0);
    assert_true(maker_describes(&f, pem, "0x4000000b"));
    assert_true(maker_describes(&f, pem, "\"rsa_parent\":true"));
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

static void sealed_data_gets_its_own_type(void **state)
{
    fixture f;
    tss2_file pair;
    tss2_file made;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&sealed, &pair);
    assert_int_equal(convert_with(&f, "", NULL, &pair, &pem), 0);
    tss2_file_read(tpmc_bytes_data(pem), tpmc_bytes_len(pem), &made);
    assert_int_equal(made.type, 5);
    tpmc_bytes_free(pem);
    maker_teardown(&f);
}

/* No prefix of either part and nothing behind it is taken. */
static void damaged_parts(void **state)
{
    fixture f;
    tss2_file pair;
    tss2_file damaged;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;
    size_t len;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&plain, &pair);
    t = maker_template(&f, "", NULL);
    for (len = 1; len <= pair.public_len + 1; len++) {
        damaged = pair;
        damaged.public_len = len;
        if (len != pair.public_len)
            assert_int_equal(convert(&f, t, &damaged, &pem), TPMC_ERR_FORMAT);
    }
    for (len = 1; len <= pair.private_len + 1; len++) {
        damaged = pair;
        damaged.private_len = len;
        if (len != pair.private_len)
            assert_int_equal(convert(&f, t, &damaged, &pem), TPMC_ERR_FORMAT);
    }
    /* The wrong way round. */
    assert_int_not_equal(tpmc_key_convert(t, pair.private_area, pair.private_len, pair.public_area,
                                          pair.public_len, &pem, f.err),
                         0);
    assert_true(fixture_error_says(&f, "public area"));
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

static void refused_arguments(void **state)
{
    static uint8_t long_part[2049];
    fixture f;
    tss2_file pair;
    tpmc_key_template *t = NULL;
    tpmc_bytes *pem = NULL;

    (void)state;
    fixture_open(&f, 0);
    make_pair(&plain, &pair);
    t = maker_template(&f, "", NULL);
    assert_int_equal(convert(&f, NULL, &pair, &pem), TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'key_template'"));
    assert_int_equal(tpmc_key_convert(t, NULL, 5, pair.private_area, pair.private_len, &pem, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'public_area'"));
    assert_int_equal(
        tpmc_key_convert(t, long_part, 1025, pair.private_area, pair.private_len, &pem, f.err),
        TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'public_area'|1024"));
    assert_int_equal(tpmc_key_convert(t, pair.public_area, pair.public_len, NULL, 0, &pem, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'private_part'"));
    assert_int_equal(
        tpmc_key_convert(t, pair.public_area, pair.public_len, long_part, 2049, &pem, f.err),
        TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'private_part'|2048"));
    assert_int_equal(tpmc_key_convert(t, pair.public_area, pair.public_len, pair.private_area,
                                      pair.private_len, NULL, f.err),
                     TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "'pem'"));
    assert_int_equal(
        convert_with(&f, "parent=null template_parent_handle=0x81000001", NULL, &pair, &pem),
        TPMC_ERR_ARGUMENT);
    assert_true(fixture_error_says(&f, "two parents"));
    tpmc_key_template_free(t);
    maker_teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts),
        cmocka_unit_test(the_password_sets_the_flag),
        cmocka_unit_test(place_and_description),
        cmocka_unit_test(sealed_data_gets_its_own_type),
        cmocka_unit_test(damaged_parts),
        cmocka_unit_test(refused_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
