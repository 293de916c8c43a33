/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/aws_credentials_int.h"
#include "unit/each_allocation.h"
#include "unit/expect.h"

#define TOKEN_MAX 65536
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define ARN "arn:aws:sts::123456789012:assumed-role/name/session"

static const tpmc__aws_credentials_parts good = {
    .access_key_id = "ASIAIOSFODNN7EXAMPLE",
    .secret_access_key = "s3cret/+=",
    .session_token = "t0ken//+==",
    .expires_at_ms = 1234567890123,
    .assumed_role_arn = ARN,
    .user_id = "AROAEXAMPLE:session",
};

static void holds_its_own_copy(void **state)
{
    tpmc__aws_credentials_parts parts = good;
    char secret[] = "s3cret/+=";
    tpmc_aws_credentials *c = NULL;

    parts.secret_access_key = secret;
    expect_success(tpmc__aws_credentials_new(&parts, &c, *state), *state);
    secret[0] = 'x';
    assert_string_equal(tpmc_aws_credentials_access_key_id(c), "ASIAIOSFODNN7EXAMPLE");
    assert_string_equal(tpmc_aws_credentials_secret_access_key(c), "s3cret/+=");
    assert_string_equal(tpmc_aws_credentials_session_token(c), "t0ken//+==");
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(c), 1234567890123);
    assert_string_equal(tpmc_aws_credentials_assumed_role_arn(c), ARN);
    assert_string_equal(tpmc_aws_credentials_account_id(c), "123456789012");
    assert_string_equal(tpmc_aws_credentials_user_id(c), "AROAEXAMPLE:session");
    tpmc_aws_credentials_free(c);
}

static void what_is_missing_is_null(void **state)
{
    const tpmc__aws_credentials_parts parts = { .access_key_id = "ASIAIOSFODNN7EXAMPLE",
                                                .secret_access_key = "s" };
    tpmc_aws_credentials *c = NULL;

    expect_success(tpmc__aws_credentials_new(&parts, &c, *state), *state);
    assert_null(tpmc_aws_credentials_session_token(c));
    assert_null(tpmc_aws_credentials_assumed_role_arn(c));
    assert_null(tpmc_aws_credentials_account_id(c));
    assert_null(tpmc_aws_credentials_user_id(c));
    tpmc_aws_credentials_free(c);
}

static void an_arn_without_account_has_none(void **state)
{
    static const char *const arns[] = { "x",
                                        "arn:aws:sts::",
                                        "arn:aws:sts:::assumed-role/x/y",
                                        "arn:minio:sts::12345678901:assumed-role/x/y",
                                        "arn:aws:sts::1234567890123:x",
                                        "arn:aws:sts::123456789012" };

    for (size_t i = 0; i < sizeof(arns) / sizeof(arns[0]); i++) {
        tpmc__aws_credentials_parts parts = good;
        tpmc_aws_credentials *c = NULL;

        parts.assumed_role_arn = arns[i];
        expect_success(tpmc__aws_credentials_new(&parts, &c, *state), *state);
        assert_null(tpmc_aws_credentials_account_id(c));
        tpmc_aws_credentials_free(c);
    }
}

static void lives_until_the_last_reference(void **state)
{
    tpmc_aws_credentials *c = NULL;

    expect_success(tpmc__aws_credentials_new(&good, &c, *state), *state);
    assert_ptr_equal(tpmc__aws_credentials_ref(c), c);
    tpmc_aws_credentials_free(c);
    assert_string_equal(tpmc_aws_credentials_secret_access_key(c), "s3cret/+=");
    tpmc_aws_credentials_free(c);
}

static void works_in_a_forked_child(void **state)
{
    tpmc_aws_credentials *c = NULL;
    int wait_status = -1;
    pid_t child = 0;

    expect_success(tpmc__aws_credentials_new(&good, &c, *state), *state);
    child = fork();
    if (child == 0) {
        int is_good = strcmp(tpmc_aws_credentials_session_token(c), "t0ken//+==") == 0;

        tpmc_aws_credentials_free(c);
        _exit(is_good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_aws_credentials_free(c);
}

static void refuse(const tpmc__aws_credentials_parts *parts, const char *words, tpmc_error *err)
{
    tpmc_aws_credentials *c = (tpmc_aws_credentials *)&c;

    expect_failure(tpmc__aws_credentials_new(parts, &c, err), err, TPMC_ERR_PROTOCOL, words);
    assert_null(c);
    assert_null(strstr(tpmc_error_text(err), "s3cret"));
}

static void take(const tpmc__aws_credentials_parts *parts)
{
    tpmc_aws_credentials *c = NULL;

    assert_int_equal(tpmc__aws_credentials_new(parts, &c, NULL), 0);
    tpmc_aws_credentials_free(c);
}

/* Each text of the credentials with each byte at its end. */
static void refuses_foreign_characters(void **state)
{
    for (int byte = 1; byte < 256; byte++) {
        char text[] = "s3cret0123456789?";
        int is_visible = byte >= 0x21 && byte <= 0x7e;
        int is_word = is_visible && strchr("0123456789_" LETTERS, byte) != NULL;
        tpmc__aws_credentials_parts key = good;
        tpmc__aws_credentials_parts rest[] = { good, good, good, good };

        text[16] = (char)byte;
        key.access_key_id = text;
        if (is_word)
            take(&key);
        else
            refuse(&key, "the access key id that the service sent holds a character", *state);
        rest[0].secret_access_key = text;
        rest[1].session_token = text;
        rest[2].assumed_role_arn = text;
        rest[3].user_id = text;
        for (size_t i = 0; i < 4; i++) {
            if (is_visible)
                take(&rest[i]);
            else
                refuse(&rest[i], "that the service sent holds a character", *state);
        }
    }
}

static char *text_of(size_t len)
{
    char *text = calloc(len + 1, 1);

    assert_non_null(text);
    memset(text, 'a', len);
    return text;
}

/* `field` of the parts with so many characters. */
static void try_length(size_t offset, size_t len, const char *words, tpmc_error *err)
{
    tpmc__aws_credentials_parts parts = good;
    char *text = text_of(len);

    memcpy((char *)&parts + offset, (const void *)&text, sizeof(text));
    if (words == NULL)
        take(&parts);
    else
        refuse(&parts, words, err);
    free(text);
}

static void keeps_the_limits(void **state)
{
    static const struct {
        size_t offset;
        size_t min;
        size_t max;
        const char *words;
    } limits[] = {
        { offsetof(tpmc__aws_credentials_parts, access_key_id), 16, 128,
          "the access key id that the service sent does not have 16 to 128 characters" },
        { offsetof(tpmc__aws_credentials_parts, secret_access_key), 1, 16384,
          "the secret access key that the service sent does not have 1 to 16384 characters" },
        { offsetof(tpmc__aws_credentials_parts, session_token), 1, TOKEN_MAX,
          "the session token that the service sent does not have 1 to 65536 characters" },
        { offsetof(tpmc__aws_credentials_parts, assumed_role_arn), 1, 2048,
          "the ARN of the session that the service sent does not have 1 to 2048 characters" },
        { offsetof(tpmc__aws_credentials_parts, user_id), 1, 256,
          "the id of the session that the service sent does not have 1 to 256 characters" },
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        try_length(limits[i].offset, limits[i].min, NULL, *state);
        try_length(limits[i].offset, limits[i].max, NULL, *state);
        try_length(limits[i].offset, limits[i].min - 1, limits[i].words, *state);
        try_length(limits[i].offset, limits[i].max + 1, limits[i].words, *state);
    }
}

static void null_is_no_crash(void **state)
{
    (void)state;
    assert_null(tpmc_aws_credentials_access_key_id(NULL));
    assert_null(tpmc_aws_credentials_secret_access_key(NULL));
    assert_null(tpmc_aws_credentials_session_token(NULL));
    assert_int_equal(tpmc_aws_credentials_expires_at_ms(NULL), 0);
    assert_null(tpmc_aws_credentials_assumed_role_arn(NULL));
    assert_null(tpmc_aws_credentials_account_id(NULL));
    assert_null(tpmc_aws_credentials_user_id(NULL));
    tpmc_aws_credentials_free(NULL);
}

static int make(void *context)
{
    tpmc_aws_credentials *c = NULL;
    int status = tpmc__aws_credentials_new(&good, &c, context);

    tpmc_aws_credentials_free(c);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    assert_int_equal(each_allocation(make, *state, TPMC_ERR_NOMEM), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(holds_its_own_copy),
        WITH_ERROR(what_is_missing_is_null),
        WITH_ERROR(an_arn_without_account_has_none),
        WITH_ERROR(lives_until_the_last_reference),
        WITH_ERROR(works_in_a_forked_child),
        WITH_ERROR(refuses_foreign_characters),
        WITH_ERROR(keeps_the_limits),
        cmocka_unit_test(null_is_no_crash),
        WITH_ERROR(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
