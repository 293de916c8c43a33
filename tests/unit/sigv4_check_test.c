/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdlib.h>

#include "base/error_int.h"
#include "proto/sigv4_check.h"
#include "unit/sigv4_fixture.h"

static void expect_taken(const tpmc__sigv4_params *params, int is_presign, tpmc_error *err)
{
    tpmc__error_clear(err);
    expect_success(tpmc__sigv4_check_params(params, is_presign, err), err);
}

static void good_parameters_are_taken(void **state)
{
    static const char *const algorithms[] = { TPMC__SIGV4_HMAC, TPMC__SIGV4_X509_RSA,
                                              TPMC__SIGV4_X509_ECDSA };
    tpmc__sigv4_params params = sigv4_params(NULL);

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        params.algorithm = algorithms[i];
        expect_taken(&params, 1, *state);
    }
    params.algorithm = "AWS4-ECDSA-P256-SHA256";
    expect_failure(tpmc__sigv4_check_params(&params, 1, *state), *state, TPMC_ERR_ARGUMENT,
                   "the signature algorithm 'AWS4-ECDSA-P256-SHA256' is not known");
}

/* Runs one text through a parameter: 1 to `max` characters are taken, `bad` ones are not. */
static void check_text(const char **place, const tpmc__sigv4_params *params, size_t max,
                       const char *const *bad, const char *words, tpmc_error *err)
{
    char *text = calloc(max + 2, 1);

    assert_non_null(text);
    memset(text, 'a', max);
    *place = text;
    expect_taken(params, 0, err);
    text[max] = 'a';
    expect_failure(tpmc__sigv4_check_params(params, 0, err), err, TPMC_ERR_ARGUMENT, words);
    text[0] = '\0';
    expect_failure(tpmc__sigv4_check_params(params, 0, err), err, TPMC_ERR_ARGUMENT, words);
    for (; *bad != NULL; bad++) {
        *place = *bad;
        expect_failure(tpmc__sigv4_check_params(params, 0, err), err, TPMC_ERR_ARGUMENT, words);
    }
    *place = "a-b_C9";
    expect_taken(params, 0, err);
    free(text);
}

static void texts_stay_in_their_places(void **state)
{
    static const char *const bad_id[] = { "a/b",   "a,b",      "a=b",  "a b",
                                          "a\r\n", "\xc3\xa4", "\x7f", NULL };
    static const char *const bad_name[] = { "a/b", "a.evil.com", "a#", "a@b", "a b", "a\n", NULL };
    static const char *const bad_token[] = { "a b", "a\r\nb: c", "\x7f", "\xc3\xa4", NULL };
    tpmc__sigv4_params params = sigv4_params(NULL);

    check_text(&params.credential, &params, 128, bad_id, "the access key id is not 1 to 128",
               *state);
    check_text(&params.region, &params, 64, bad_name, "the region is not 1 to 64", *state);
    check_text(&params.service, &params, 64, bad_name, "the service is not 1 to 64", *state);
    check_text(&params.session_token, &params, 16384, bad_token,
               "the session token is not 1 to 16384", *state);
}

static void a_refused_token_is_not_told(void **state)
{
    tpmc__sigv4_params params = sigv4_params(NULL);

    params.session_token = "secret token";
    assert_int_equal(tpmc__sigv4_check_params(&params, 0, *state), TPMC_ERR_ARGUMENT);
    assert_null(strstr(tpmc_error_text(*state), "secret"));
}

static void a_presigned_url_holds_seven_days_at_most(void **state)
{
    static const struct {
        int64_t expires_s;
        int is_good;
    } rows[] = { { 1, 1 }, { 604800, 1 }, { 0, 0 }, { -1, 0 }, { 604801, 0 } };
    tpmc__sigv4_params params = sigv4_params(NULL);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        params.expires_s = rows[i].expires_s;
        expect_taken(&params, 0, *state);
        if (rows[i].is_good)
            expect_taken(&params, 1, *state);
        else
            expect_failure(tpmc__sigv4_check_params(&params, 1, *state), *state, TPMC_ERR_ARGUMENT,
                           "1 to 604800 seconds");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(good_parameters_are_taken),
        WITH_ERROR(texts_stay_in_their_places),
        WITH_ERROR(a_refused_token_is_not_told),
        WITH_ERROR(a_presigned_url_holds_seven_days_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
