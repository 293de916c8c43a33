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

#define EMAIL "robot@project.iam.gserviceaccount.com"
#define NOW_MS INT64_C(1750000000999)
#define PLATFORM "https://www.googleapis.com/auth/cloud-platform"

typedef struct setting {
    const char *name;
    const char *value;
} setting;

/* One JWT, taken apart again. */
typedef struct jwt {
    char header[4096];
    char claims[65536];
    int64_t expires_at_ms;
} jwt;

static void set_all(tpmc__options *options, const setting *settings)
{
    assert_int_equal(tpmc__options_init(options, TPMC_OBJECT_GCP, NULL), 0);
    for (; settings->name != NULL; settings++)
        assert_int_equal(tpmc__options_set(options, settings->name, settings->value, NULL), 0);
}

static void decode(const uint8_t *text, size_t len, char *out, size_t capacity)
{
    tpmc__buf json;

    tpmc__buf_init(&json, capacity - 1);
    assert_int_equal(tpmc__base64url_decode((const char *)text, len, &json), 0);
    memcpy(out, json.data, json.len + 1);
    tpmc__buf_free(&json);
}

static void make(const setting *settings, int64_t now_ms, jwt *out)
{
    tpmc__options options;
    tpmc__buf input;
    const uint8_t *dot;
    size_t header_len;

    set_all(&options, settings);
    tpmc__buf_init(&input, TPMC__JWS_MAX);
    assert_int_equal(tpmc__gcp_self_signed_jwt(&options, now_ms, &input, &out->expires_at_ms, NULL),
                     0);
    dot = memchr(input.data, '.', input.len);
    assert_non_null(dot);
    header_len = (size_t)(dot - input.data);
    decode(input.data, header_len, out->header, sizeof(out->header));
    decode(dot + 1, input.len - header_len - 1, out->claims, sizeof(out->claims));
    tpmc__buf_free(&input);
    tpmc__options_free(&options);
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

static void refuse(const setting *settings, int64_t now_ms, int code, const char *words)
{
    tpmc__options options;
    tpmc__buf input;
    tpmc_error *err = NULL;
    int64_t expires_at_ms = 0;

    assert_int_equal(tpmc_error_new(&err), 0);
    set_all(&options, settings);
    tpmc__buf_init(&input, TPMC__JWS_MAX);
    if (code == TPMC_ERR_ARGUMENT) {
        assert_int_equal(tpmc__gcp_check_options(&options, err), code);
        assert_non_null(strstr(tpmc_error_text(err), words));
    } else {
        assert_int_equal(tpmc__gcp_check_options(&options, err), 0);
    }
    assert_int_equal(tpmc__gcp_self_signed_jwt(&options, now_ms, &input, &expires_at_ms, err),
                     code);
    assert_non_null(strstr(tpmc_error_text(err), words));
    assert_int_equal(input.len, 0);
    tpmc__buf_free(&input);
    tpmc__options_free(&options);
    tpmc_error_free(err);
}

static void refuses_with_a_reason(void **state)
{
    static const setting nothing[] = { { NULL, NULL } };
    static const setting both[] = {
        { "email", EMAIL },
        { "scopes", PLATFORM },
        { "audience", "https://a/" },
        { NULL, NULL },
    };
    static const setting plain[] = { { "email", EMAIL }, { NULL, NULL } };
    jwt made;

    (void)state;
    refuse(nothing, NOW_MS, TPMC_ERR_ARGUMENT,
           "option 'email' is missing: the service account's e-mail address");
    refuse(both, NOW_MS, TPMC_ERR_ARGUMENT, "'scopes' and 'audience'");
    refuse(plain, 0, TPMC_ERR_CLOCK, "2020");
    refuse(plain, INT64_C(1577836799999), TPMC_ERR_CLOCK, "2020");
    make(plain, INT64_C(1577836800000), &made);
    assert_non_null(strstr(made.claims, "\"iat\":1577836790,"));
}

static void all_scopes_together_have_a_ceiling(void **state)
{
    setting settings[20] = { { "email", EMAIL } };
    static char scopes[17][1025];
    jwt made;
    size_t i;

    (void)state;
    for (i = 0; i < 17; i++) {
        memset(scopes[i], 'a' + (int)i, 1024);
        settings[i + 1].name = "scopes";
        settings[i + 1].value = scopes[i];
    }
    /* 16 of 1008 bytes each and 15 blanks are 16143. */
    refuse(settings, NOW_MS, TPMC_ERR_ARGUMENT, "'scopes'");
    settings[17].name = NULL;
    for (i = 0; i < 16; i++)
        scopes[i][1008] = '\0';
    make(settings, NOW_MS, &made);
    assert_true(strlen(made.claims) > 16143);
}

static int attempt(void *context)
{
    tpmc__buf input;
    int64_t expires_at_ms = 0;
    int status;

    tpmc__buf_init(&input, TPMC__JWS_MAX);
    status = tpmc__gcp_self_signed_jwt(context, NOW_MS, &input, &expires_at_ms, NULL);
    tpmc__buf_free(&input);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    static const setting settings[] = { { "email", EMAIL }, { "keyid", "a" }, { NULL, NULL } };
    tpmc__options options;

    (void)state;
    set_all(&options, settings);
    assert_in_range(each_allocation(attempt, &options, TPMC_ERR_NOMEM), 3, 100);
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_form),
        cmocka_unit_test(scopes_stand_in_order_with_single_blanks),
        cmocka_unit_test(audience_form),
        cmocka_unit_test(json_is_escaped),
        cmocka_unit_test(never_lives_longer_than_an_hour),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(all_scopes_together_have_a_ceiling),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
