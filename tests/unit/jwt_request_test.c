/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/base64.h"
#include "gcp/jwt_request.h"
#include "proto/jws.h"
#include "unit/each_allocation.h"
#include "unit/gcp_fixture.h"

#define NOW_MS INT64_C(1750000000999)

/* One JWT, taken apart again. */
typedef struct jwt {
    char header[4096];
    char claims[65536];
    int64_t expires_at_ms;
} jwt;

typedef int (*maker)(const tpmc__gcp_settings *settings, const tpmc__gcp_jwt_frame *frame,
                     tpmc__buf *out, int64_t *expires_at_ms, tpmc_error *err);

static void decode(const uint8_t *text, size_t len, char *out, size_t capacity)
{
    tpmc__buf json;

    tpmc__buf_init(&json, capacity - 1);
    assert_int_equal(tpmc__base64url_decode((const char *)text, len, &json), 0);
    memcpy(out, json.data, json.len + 1);
    tpmc__buf_free(&json);
}

static void make_by(maker fn, const char *algorithm, const setting *settings, int64_t now_ms,
                    jwt *out)
{
    made_settings made;
    tpmc__gcp_jwt_frame frame = { algorithm, NULL, now_ms };
    tpmc__buf input;
    const uint8_t *dot;
    size_t header_len;

    make_settings(&made, settings);
    frame.key_id = tpmc__gcp_text(&made.settings, TPMC__GCP_KEYID);
    tpmc__buf_init(&input, TPMC__JWS_MAX);
    assert_int_equal(fn(&made.settings, &frame, &input, &out->expires_at_ms, NULL), 0);
    dot = memchr(input.data, '.', input.len);
    assert_non_null(dot);
    header_len = (size_t)(dot - input.data);
    decode(input.data, header_len, out->header, sizeof(out->header));
    decode(dot + 1, input.len - header_len - 1, out->claims, sizeof(out->claims));
    tpmc__buf_free(&input);
    free_settings(&made);
}

static void make(const setting *settings, int64_t now_ms, jwt *out)
{
    make_by(tpmc__gcp_self_signed_jwt, "RS256", settings, now_ms, out);
}

static void scope_form(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL },
        { "keyid", "0123456789abcdef0123456789abcdef01234567" },
        { NULL, NULL },
    };
    jwt made;

    (void)state;
    make(settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"RS256\",\"typ\":\"JWT\","
                                     "\"kid\":\"0123456789abcdef0123456789abcdef01234567\"}");
    assert_string_equal(made.claims, "{\"iss\":\"" EMAIL "\",\"sub\":\"" EMAIL "\","
                                     "\"scope\":\"" PLATFORM "\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
    assert_int_equal(made.expires_at_ms, INT64_C(1750003590000));
}

static void scopes_stand_in_order_with_single_blanks(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL },
        { "scopes", "https://b  https://a" },
        { "scopes", "https://c" },
        { "scopes", " https://a " },
        { NULL, NULL },
    };
    jwt made;

    (void)state;
    make(settings, NOW_MS, &made);
    assert_non_null(strstr(made.claims, "\"scope\":\"https://b https://a https://c\""));
}

static void audience_form(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL },
        { "audience", "https://pubsub.googleapis.com/" },
        { NULL, NULL },
    };
    jwt made;

    (void)state;
    make(settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
    assert_string_equal(made.claims, "{\"iss\":\"" EMAIL "\",\"sub\":\"" EMAIL "\","
                                     "\"aud\":\"https://pubsub.googleapis.com/\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

static void json_is_escaped(void **state)
{
    static const setting settings[] = {
        { "email", "b\xc3\xbc-cher+a@example.com" },
        { "keyid", "a\"b\\c" },
        { "audience", "https://a/?\"</\\" },
        { NULL, NULL },
    };
    jwt made;

    (void)state;
    make(settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"a\\\"b\\\\c\"}");
    assert_string_equal(made.claims, "{\"iss\":\"b\xc3\xbc-cher+a@example.com\","
                                     "\"sub\":\"b\xc3\xbc-cher+a@example.com\","
                                     "\"aud\":\"https://a/?\\\"</\\\\\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

typedef struct lifetime {
    const char *expire_in;
    const char *times;
    int64_t expires_at_ms;
} lifetime;

static void never_lives_longer_than_an_hour(void **state)
{
    static const lifetime lifetimes[] = {
        { "1", "\"iat\":1749999990,\"exp\":1750000001}", INT64_C(1750000001000) },
        { "60", "\"iat\":1749999990,\"exp\":1750000060}", INT64_C(1750000060000) },
        { "3590", "\"iat\":1749999990,\"exp\":1750003590}", INT64_C(1750003590000) },
        { "3591", "\"iat\":1749999990,\"exp\":1750003590}", INT64_C(1750003590000) },
        { "3600", "\"iat\":1749999990,\"exp\":1750003590}", INT64_C(1750003590000) },
    };
    setting settings[] = { { "email", EMAIL }, { "expire_in", NULL }, { NULL, NULL } };
    jwt made;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
        settings[1].value = lifetimes[i].expire_in;
        make(settings, NOW_MS, &made);
        assert_non_null(strstr(made.claims, lifetimes[i].times));
        assert_int_equal(made.expires_at_ms, lifetimes[i].expires_at_ms);
    }
}

static void for_iam_with_its_scope(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "id" },          { "audience", "https://a/" },
        { "scopes", "b" },  { "impersonate", TARGET }, { NULL, NULL },
    };
    jwt made;

    (void)state;
    make(settings, NOW_MS, &made);
    assert_string_equal(made.claims, "{\"iss\":\"" EMAIL "\",\"sub\":\"" EMAIL "\","
                                     "\"scope\":\"https://www.googleapis.com/auth/iam\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

static void an_assertion_for_scopes(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL },  { "kind", "access" },
        { "scopes", "a b" }, { "token_uri", "https://127.0.0.1/token" },
        { "keyid", "k" },    { NULL, NULL },
    };
    jwt made;

    (void)state;
    make_by(tpmc__gcp_assertion, "RS256", settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k\"}");
    assert_string_equal(made.claims, "{\"iss\":\"" EMAIL "\","
                                     "\"aud\":\"https://oauth2.googleapis.com/token\","
                                     "\"scope\":\"a b\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

static void an_assertion_for_a_user(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "access" }, { "subject", "user@example.com" }, { NULL, NULL }
    };
    jwt made;

    (void)state;
    make_by(tpmc__gcp_assertion, "RS256", settings, NOW_MS, &made);
    assert_non_null(strstr(made.claims, "{\"iss\":\"" EMAIL "\",\"sub\":\"user@example.com\","));
}

static void an_assertion_for_an_id_token(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL }, { "kind", "id" }, { "audience", "https://a/" }, { NULL, NULL }
    };
    jwt made;

    (void)state;
    make_by(tpmc__gcp_assertion, "RS256", settings, NOW_MS, &made);
    assert_string_equal(made.claims, "{\"iss\":\"" EMAIL "\","
                                     "\"aud\":\"https://oauth2.googleapis.com/token\","
                                     "\"target_audience\":\"https://a/\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

static void a_token_of_its_own_issuer(void **state)
{
    static const setting settings[] = {
        { "kind", "federated" },
        { "issuer", "https://i.example/" },
        { "federation_subject", "me" },
        { "pool_audience", POOL },
        { "expire_in", "60" },
        { NULL, NULL },
        { NULL, NULL },
    };
    setting with_audience[7];
    jwt made;

    (void)state;
    make_by(tpmc__gcp_subject_token, "ES256", settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"ES256\",\"typ\":\"JWT\"}");
    assert_string_equal(made.claims, "{\"iss\":\"https://i.example/\",\"sub\":\"me\","
                                     "\"aud\":\"https:" POOL "\","
                                     "\"iat\":1749999990,\"exp\":1750000060}");
    assert_int_equal(made.expires_at_ms, INT64_C(1750000060000));
    memcpy(with_audience, settings, sizeof(with_audience));
    with_audience[5] = (setting){ "audience", "mine" };
    make_by(tpmc__gcp_subject_token, "ES256", with_audience, NOW_MS, &made);
    assert_non_null(strstr(made.claims, "\"aud\":\"mine\""));
}

static void an_assertion_for_distributed_cloud(void **state)
{
    static const setting settings[] = {
        { "kind", "gdch" },
        { "gdch_project", "p" },
        { "gdch_name", "n" },
        { "token_uri", "https://g.example/authenticate" },
        { "audience", "https://a/" },
        { "keyid", "k" },
        { NULL, NULL },
    };
    jwt made;

    (void)state;
    make_by(tpmc__gcp_gdch_assertion, "ES256", settings, NOW_MS, &made);
    assert_string_equal(made.header, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k\"}");
    assert_string_equal(made.claims, "{\"iss\":\"system:serviceaccount:p:n\","
                                     "\"sub\":\"system:serviceaccount:p:n\","
                                     "\"aud\":\"https://g.example/authenticate\","
                                     "\"iat\":1749999990,\"exp\":1750003590}");
}

static void a_clock_that_was_never_set(void **state)
{
    static const int64_t times[] = { 0, INT64_C(1577836799999) };
    static const setting settings[] = { { "email", EMAIL }, { NULL, NULL } };
    made_settings made;
    tpmc__buf input;
    int64_t expires_at_ms = 0;
    jwt plain;

    make_settings(&made, settings);
    tpmc__buf_init(&input, TPMC__JWS_MAX);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        tpmc__gcp_jwt_frame frame = { "RS256", NULL, times[i] };

        expect_failure(
            tpmc__gcp_self_signed_jwt(&made.settings, &frame, &input, &expires_at_ms, *state),
            *state, TPMC_ERR_CLOCK, "before the year 2020");
        assert_int_equal(input.len, 0);
    }
    tpmc__buf_free(&input);
    free_settings(&made);
    make(settings, INT64_C(1577836800000), &plain);
    assert_non_null(strstr(plain.claims, "\"iat\":1577836790,"));
}

static int attempt(void *context)
{
    static const maker makers[] = { tpmc__gcp_self_signed_jwt, tpmc__gcp_assertion,
                                    tpmc__gcp_subject_token, tpmc__gcp_gdch_assertion };
    tpmc__gcp_jwt_frame frame = { "RS256", "a", NOW_MS };
    tpmc__buf input;
    int64_t expires_at_ms = 0;
    int status = 0;

    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]) && status == 0; i++) {
        tpmc__buf_init(&input, TPMC__JWS_MAX);
        status = makers[i](context, &frame, &input, &expires_at_ms, NULL);
        tpmc__buf_free(&input);
    }
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = {
        { "email", EMAIL },           { "issuer", "https://i" },
        { "pool_audience", POOL },    { "federation_subject", "s" },
        { "gdch_project", "p" },      { "gdch_name", "n" },
        { "token_uri", "https://t" }, { NULL, NULL },
    };
    made_settings made;

    (void)state;
    make_settings(&made, settings);
    assert_in_range(each_allocation(attempt, &made.settings, TPMC_ERR_NOMEM), 19, 300);
    free_settings(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_form),
        cmocka_unit_test(scopes_stand_in_order_with_single_blanks),
        cmocka_unit_test(audience_form),
        cmocka_unit_test(json_is_escaped),
        cmocka_unit_test(never_lives_longer_than_an_hour),
        cmocka_unit_test(for_iam_with_its_scope),
        cmocka_unit_test(an_assertion_for_scopes),
        cmocka_unit_test(an_assertion_for_a_user),
        cmocka_unit_test(an_assertion_for_an_id_token),
        cmocka_unit_test(a_token_of_its_own_issuer),
        cmocka_unit_test(an_assertion_for_distributed_cloud),
        WITH_ERROR(a_clock_that_was_never_set),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
