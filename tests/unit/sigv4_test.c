/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "proto/sigv4.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/sigv4_fixture.h"

static tpmc_http_request *make_request(const char *url)
{
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_http_request_new("GET", url, &request, NULL), 0);
    assert_int_equal(tpmc_http_request_add_header(request, "A", "1", NULL), 0);
    return request;
}

static void all_fields_are_added(void **state)
{
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc_http_request *request = make_request("https://h/");
    const char *authorization;

    sigv4_signer_init(&signer, *state);
    params.flags = TPMC__SIGV4_SIGN_BODY;
    params.session_token = "a/b+c==";
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), 0);
    assert_int_equal(tpmc_http_request_header_count(request), 5);
    assert_string_equal(sigv4_field(request, "X-Amz-Date"), "20150830T123600Z");
    assert_string_equal(sigv4_field(request, "X-Amz-Security-Token"), "a/b+c==");
    assert_int_equal(strlen(sigv4_field(request, "X-Amz-Content-Sha256")), 64);
    authorization = sigv4_field(request, "Authorization");
    assert_non_null(strstr(authorization,
                           "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                           "aws4_request, SignedHeaders=a;host;x-amz-content-sha256;x-amz-date;"
                           "x-amz-security-token, Signature="));
    tpmc_http_request_free(request);
}

static void a_token_may_be_left_unsigned(void **state)
{
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc_http_request *request = make_request("https://h/");

    sigv4_signer_init(&signer, *state);
    params.flags = TPMC__SIGV4_OMIT_TOKEN;
    params.session_token = "token";
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), 0);
    assert_string_equal(sigv4_field(request, "X-Amz-Security-Token"), "token");
    assert_non_null(
        strstr(sigv4_field(request, "Authorization"), "SignedHeaders=a;host;x-amz-date,"));
    tpmc_http_request_free(request);
}

/* The last millisecond of a day and the first one of the next. */
static void date_and_scope_are_of_one_day(void **state)
{
    static const struct {
        int64_t ms;
        const char *words;
    } rows[] = {
        { INT64_C(1440979199999), "\n20150830T235959Z\n20150830/" },
        { INT64_C(1440979200000), "\n20150831T000000Z\n20150831/" },
    };
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);

    sigv4_signer_init(&signer, *state);
    for (size_t i = 0; i < 2; i++) {
        tpmc_http_request *request = make_request("https://h/");

        params.time_ms = rows[i].ms;
        assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), 0);
        assert_non_null(strstr(signer.string_to_sign, rows[i].words));
        tpmc_http_request_free(request);
    }
}

static void expect_presigned(tpmc_env *env, const char *url, const char *before, unsigned flags)
{
    static const char common[] =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2F"
        "service%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-"
        "SignedHeaders=a%3Bhost&X-Amz-Security-Token=a%2Fb%2B%3D&X-Amz-Signature=";
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc_http_request *request = make_request(url);
    tpmc__buf out;

    sigv4_signer_init(&signer, env);
    params.session_token = "a/b+=";
    params.flags = flags;
    assert_int_equal(tpmc__sigv4_presign(env, request, &params, &out, NULL), 0);
    assert_memory_equal(out.data, before, strlen(before));
    assert_memory_equal(out.data + strlen(before), common, strlen(common));
    assert_int_equal(out.len, strlen(before) + strlen(common) + 64);
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    tpmc__buf_free(&out);
    tpmc_http_request_free(request);
}

static void the_signature_ends_a_presigned_url(void **state)
{
    expect_presigned(*state, "https://h", "https://h?", 0);
    expect_presigned(*state, "https://h/?", "https://h/?", TPMC__SIGV4_OMIT_TOKEN);
    expect_presigned(*state, "https://h/?a=+&", "https://h/?a=+&", 0);
    expect_presigned(*state, "https://h/?a=?", "https://h/?a=?&", TPMC__SIGV4_S3);
}

static void a_refused_request_is_unchanged_and_not_signed(void **state)
{
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc_http_request *request = make_request("https://h/?X-Amz-Date=1");
    tpmc__buf url;

    sigv4_signer_init(&signer, *state);
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(tpmc__sigv4_presign(*state, request, &params, &url, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(url.len, 0);
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    tpmc_http_request_free(request);
    request = make_request("https://h/");
    params.expires_s = 604801;
    assert_int_equal(tpmc__sigv4_presign(*state, request, &params, &url, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(signer.calls, 0);
    /* Signed once, it is refused. */
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), 0);
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), TPMC_ERR_ARGUMENT);
    assert_int_equal(signer.calls, 1);
    assert_int_equal(tpmc_http_request_header_count(request), 3);
    tpmc_http_request_free(request);
}

static void a_failing_signer_leaves_the_request(void **state)
{
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc_http_request *request = make_request("https://h/");
    tpmc__buf url;

    sigv4_signer_init(&signer, *state);
    signer.status = TPMC_ERR_LOCKOUT;
    assert_int_equal(tpmc__sigv4_sign(*state, request, &params, NULL), TPMC_ERR_LOCKOUT);
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    assert_int_equal(tpmc__sigv4_presign(*state, request, &params, &url, NULL), TPMC_ERR_LOCKOUT);
    assert_int_equal(url.len, 0);
    tpmc_http_request_free(request);
}

typedef struct attempt_context {
    tpmc_env *env;
    int is_presign;
} attempt_context;

static int attempt(void *context)
{
    const attempt_context *made = context;
    size_t countdown = fail_countdown;
    tpmc_http_request *request;
    sigv4_signer signer;
    tpmc__sigv4_params params = sigv4_params(&signer);
    tpmc__buf url;
    int status;

    fail_countdown = 0;
    request = make_request("https://h/?a=b");
    fail_countdown = countdown;
    sigv4_signer_init(&signer, made->env);
    params.session_token = "token";
    if (made->is_presign) {
        status = tpmc__sigv4_presign(made->env, request, &params, &url, NULL);
        tpmc__buf_free(&url);
    } else {
        status = tpmc__sigv4_sign(made->env, request, &params, NULL);
    }
    assert_int_equal(tpmc_http_request_header_count(request),
                     status == 0 && !made->is_presign ? 4 : 1);
    tpmc_http_request_free(request);
    return status;
}

static void a_lack_of_memory_leaves_the_request(void **state)
{
    attempt_context context = { *state, 0 };

    assert_true(each_allocation(attempt, &context, TPMC_ERR_NOMEM) >= 10);
    context.is_presign = 1;
    assert_true(each_allocation(attempt, &context, TPMC_ERR_NOMEM) >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_are_added),
        cmocka_unit_test(a_token_may_be_left_unsigned),
        cmocka_unit_test(date_and_scope_are_of_one_day),
        cmocka_unit_test(the_signature_ends_a_presigned_url),
        cmocka_unit_test(a_refused_request_is_unchanged_and_not_signed),
        cmocka_unit_test(a_failing_signer_leaves_the_request),
        cmocka_unit_test(a_lack_of_memory_leaves_the_request),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
