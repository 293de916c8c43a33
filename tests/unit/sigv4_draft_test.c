/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "proto/sigv4_draft.h"
#include "unit/codec_env.h"
#include "unit/each_allocation.h"
#include "unit/sigv4_fixture.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static tpmc_http_request *make_request(const char *url)
{
    tpmc_http_request *request = NULL;

    assert_int_equal(tpmc_http_request_new("PUT", url, &request, NULL), 0);
    return request;
}

static int draft_of(tpmc_env *env, const tpmc_http_request *request,
                    const tpmc__sigv4_params *params, int is_presign, tpmc__sigv4_draft *draft)
{
    tpmc__buf lines;
    int status;

    tpmc__buf_init(&lines, 4096);
    status = tpmc__sigv4_draft_begin(draft, env, request, params, is_presign, NULL);
    if (status == 0)
        status = tpmc__sigv4_draft_fields(draft, request, &lines, NULL);
    if (status == 0)
        status = tpmc__sigv4_draft_end(draft, env, request, params, tpmc_http_request_url(request),
                                       &lines, NULL);
    tpmc__buf_free(&lines);
    return status;
}

static void the_parts_stand_in_their_order(void **state)
{
    tpmc__sigv4_params params = sigv4_params(NULL);
    tpmc_http_request *request = make_request("https://H:8443?b=1&a");
    tpmc__sigv4_draft draft;

    assert_int_equal(tpmc_http_request_add_header(request, "A", "1", NULL), 0);
    assert_int_equal(draft_of(*state, request, &params, 0, &draft), 0);
    assert_string_equal((const char *)draft.canonical.data,
                        "PUT\n/\na=&b=1\na:1\nhost:h:8443\n\na;host\n" EMPTY_HASH);
    /* The hash is what sha256sum makes of the text above. */
    assert_string_equal((const char *)draft.string_to_sign.data,
                        "AWS4-HMAC-SHA256\n20150830T123600Z\n"
                        "20150830/us-east-1/service/aws4_request\n"
                        "bbef6e3d9cf7fd7a5db4de7c77ac6e546f3ecd4b4d40e32d72cc9830a65c4ab6");
    tpmc__sigv4_draft_free(&draft);
    tpmc_http_request_free(request);
}

static void expect_hash(tpmc_env *env, const tpmc_http_request *request,
                        const tpmc__sigv4_params *params, int is_presign, const char *hash)
{
    tpmc__sigv4_draft draft;

    assert_int_equal(draft_of(env, request, params, is_presign, &draft), 0);
    assert_string_equal(strrchr((const char *)draft.canonical.data, '\n') + 1, hash);
    tpmc__sigv4_draft_free(&draft);
}

static void the_hash_of_the_payload_is_chosen(void **state)
{
    tpmc__sigv4_params params = sigv4_params(NULL);
    tpmc_http_request *request = make_request("https://h/");

    expect_hash(*state, request, &params, 0, EMPTY_HASH);
    expect_hash(*state, request, &params, 1, EMPTY_HASH);
    assert_int_equal(tpmc_http_request_set_body(request, "abc", 3, NULL), 0);
    expect_hash(*state, request, &params, 0,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    params.flags = TPMC__SIGV4_S3;
    expect_hash(*state, request, &params, 0,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_hash(*state, request, &params, 1, "UNSIGNED-PAYLOAD");
    assert_int_equal(tpmc_http_request_set_payload_hash(request, "given", NULL), 0);
    expect_hash(*state, request, &params, 0, "given");
    expect_hash(*state, request, &params, 1, "given");
    tpmc_http_request_free(request);
}

static void each_kind_of_refusal_is_met(void **state)
{
    tpmc__sigv4_params params = sigv4_params(NULL);
    tpmc_http_request *request = make_request("https://h/?X-Amz-Signature=1");
    tpmc__sigv4_draft draft;

    assert_int_equal(draft_of(*state, request, &params, 0, &draft), TPMC_ERR_ARGUMENT);
    tpmc__sigv4_draft_free(&draft);
    tpmc_http_request_free(request);
    request = make_request("https://h/");
    params.time_ms = -1;
    assert_int_equal(draft_of(*state, request, &params, 0, &draft), TPMC_ERR_CLOCK);
    tpmc__sigv4_draft_free(&draft);
    params = sigv4_params(NULL);
    params.region = "";
    assert_int_equal(draft_of(*state, request, &params, 0, &draft), TPMC_ERR_ARGUMENT);
    tpmc__sigv4_draft_free(&draft);
    params = sigv4_params(NULL);
    assert_int_equal(tpmc_http_request_add_header(request, "Host", "other", NULL), 0);
    assert_int_equal(draft_of(*state, request, &params, 0, &draft), TPMC_ERR_ARGUMENT);
    tpmc__sigv4_draft_free(&draft);
    tpmc_http_request_free(request);
}

typedef struct attempt_context {
    tpmc_env *env;
    tpmc_http_request *request;
} attempt_context;

static int attempt(void *context)
{
    const attempt_context *made = context;
    tpmc__sigv4_params params = sigv4_params(NULL);
    tpmc__sigv4_draft draft;
    int status = draft_of(made->env, made->request, &params, 0, &draft);

    tpmc__sigv4_draft_free(&draft);
    return status;
}

static void a_lack_of_memory_is_told(void **state)
{
    attempt_context context = { *state, make_request("https://h/a?b=c") };

    assert_int_equal(tpmc_http_request_set_body(context.request, "abc", 3, NULL), 0);
    assert_true(each_allocation(attempt, &context, TPMC_ERR_NOMEM) >= 8);
    tpmc_http_request_free(context.request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_stand_in_their_order),
        cmocka_unit_test(the_hash_of_the_payload_is_chosen),
        cmocka_unit_test(each_kind_of_refusal_is_met),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, setup_env, teardown_env);
}
