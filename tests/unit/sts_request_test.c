/* SPDX-License-Identifier: Apache-2.0 */
#include "aws_hmac/sts_request.h"

#include "unit/each_allocation.h"
#include "unit/options_fixture.h"

#define ROLE "arn:aws:iam::123456789012:role/x"
#define TIME_MS INT64_C(1750000000999)

static void expect_form(options_fixture *f, const char *mfa_code, const char *text)
{
    tpmc__buf form;

    tpmc__buf_init(&form, TPMC__STS_FORM_MAX);
    expect_success(tpmc__sts_form(&f->options, mfa_code, TIME_MS, &form, f->err), f->err);
    assert_string_equal((const char *)form.data, text);
    tpmc__buf_free(&form);
}

static void a_session_token_is_the_default(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    assert_int_equal(tpmc__sts_mode(&f.options), TPMC__STS_GET_SESSION_TOKEN);
    expect_form(&f, NULL, "Action=GetSessionToken&DurationSeconds=3600&Version=2011-06-15");
    options_put(&f, "get_session_token", "1");
    options_put(&f, "duration_seconds", "129600");
    options_put(&f, "mfa_serial", "arn:aws:iam::123456789012:mfa/u+1");
    expect_form(&f, "012345",
                "Action=GetSessionToken&DurationSeconds=129600&SerialNumber=arn%3Aaws%3Aiam%3A%3A"
                "123456789012%3Amfa%2Fu%2B1&TokenCode=012345&Version=2011-06-15");
    options_close(&f);
}

static void a_role_with_nothing_else(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    options_put(&f, "assume_role_arn", ROLE);
    assert_int_equal(tpmc__sts_mode(&f.options), TPMC__STS_ASSUME_ROLE);
    expect_form(&f, NULL,
                "Action=AssumeRole&DurationSeconds=3600&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012"
                "%3Arole%2Fx&RoleSessionName=tpmcloud-1750000000&Version=2011-06-15");
    options_close(&f);
}

static void put_all_of_a_role(options_fixture *f)
{
    options_put(f, "assume_role_arn", ROLE);
    options_put(f, "duration_seconds", "900");
    options_put(f, "role_session_name", "a_+=,.@-");
    options_put(f, "policy", "{\n\t\"Version\": \"2012-10-17\"}");
    options_put(f, "policy_arn", "arn:aws:iam::aws:policy/A");
    options_put(f, "policy_arn", "arn:aws:iam::aws:policy/B");
    options_put(f, "tag", "k=a=b c");
    options_put(f, "tag", "caf\xc3\xa9=");
    options_put(f, "transitive_tag_key", "k");
    options_put(f, "transitive_tag_key", "caf\xc3\xa9");
    options_put(f, "external_id", "x:/1");
    options_put(f, "source_identity", "me@x");
    options_put(f, "mfa_serial", "GAHT12345678");
}

static void a_role_with_everything(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    put_all_of_a_role(&f);
    expect_form(&f, "123456",
                "Action=AssumeRole&DurationSeconds=900&ExternalId=x%3A%2F1"
                "&Policy=%7B%0A%09%22Version%22%3A%20%222012-10-17%22%7D"
                "&PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FA"
                "&PolicyArns.member.2.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FB"
                "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx"
                "&RoleSessionName=a_%2B%3D%2C.%40-&SerialNumber=GAHT12345678&TokenCode=123456"
                "&SourceIdentity=me%40x&Tags.member.1.Key=k&Tags.member.1.Value=a%3Db%20c"
                "&Tags.member.2.Key=caf%C3%A9&Tags.member.2.Value="
                "&TransitiveTagKeys.member.1=k&TransitiveTagKeys.member.2=caf%C3%A9"
                "&Version=2011-06-15");
    options_close(&f);
}

static void a_federated_user(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    options_put(&f, "federation_name", "bob");
    assert_int_equal(tpmc__sts_mode(&f.options), TPMC__STS_GET_FEDERATION_TOKEN);
    expect_form(&f, NULL,
                "Action=GetFederationToken&DurationSeconds=3600&Name=bob&Version=2011-06-15");
    options_put(&f, "policy", "{}");
    options_put(&f, "policy_arn", "arn:aws:iam::aws:policy/A");
    options_put(&f, "tag", "k=v");
    expect_form(&f, NULL,
                "Action=GetFederationToken&DurationSeconds=3600&Name=bob&Policy=%7B%7D"
                "&PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FA"
                "&Tags.member.1.Key=k&Tags.member.1.Value=v&Version=2011-06-15");
    options_close(&f);
}

/* The ceiling of the form is above all that the options can hold. */
static void the_longest_form_fits(void **state)
{
    options_fixture f;
    tpmc__buf form;
    char key[16];

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    options_put(&f, "assume_role_arn", ROLE);
    options_put_repeated(&f, "policy", "", "\xf0\x9f\x94\x91", 2048);
    for (int i = 0; i < 10; i++)
        options_put_repeated(&f, "policy_arn", "", ":", 2048);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof(key), "%03d", i);
        char *text = repeated(key, "\xf0\x9f\x94\x91", 125, "=");
        char *pair = repeated(text, "\xf0\x9f\x94\x91", 256, "");
        options_put(&f, "tag", pair);
        options_put_repeated(&f, "transitive_tag_key", "", "\xf0\x9f\x94\x91", 128);
        free(text);
        free(pair);
    }
    tpmc__buf_init(&form, TPMC__STS_FORM_MAX);
    expect_success(tpmc__sts_form(&f.options, NULL, TIME_MS, &form, f.err), f.err);
    assert_non_null(strstr((const char *)form.data, "&TransitiveTagKeys.member.50="));
    tpmc__buf_free(&form);
    options_close(&f);
}

static void a_request_posts_the_form(void **state)
{
    tpmc_http_request *request = NULL;
    tpmc__buf form;

    tpmc__buf_init(&form, 64);
    assert_int_equal(tpmc__buf_append_text(&form, "Action=X"), 0);
    expect_success(tpmc__sts_post("https://sts.example.com:8443/a", &form, &request, *state),
                   *state);
    assert_string_equal(tpmc_http_request_method(request), "POST");
    assert_string_equal(tpmc_http_request_url(request), "https://sts.example.com:8443/a/");
    assert_int_equal(tpmc_http_request_header_count(request), 1);
    assert_string_equal(tpmc_http_request_header_name(request, 0), "Content-Type");
    assert_string_equal(tpmc_http_request_header_value(request, 0),
                        "application/x-www-form-urlencoded; charset=utf-8");
    assert_int_equal(tpmc_http_request_body_len(request), 8);
    assert_memory_equal(tpmc_http_request_body(request), "Action=X", 8);
    tpmc_http_request_free(request);
    tpmc__buf_free(&form);
}

static int make(void *context)
{
    options_fixture *f = context;
    tpmc_http_request *request = NULL;
    tpmc__buf form;
    int status;

    tpmc__buf_init(&form, TPMC__STS_FORM_MAX);
    status = tpmc__sts_form(&f->options, "123456", TIME_MS, &form, f->err);
    if (status == 0)
        status = tpmc__sts_post("https://sts.example.com", &form, &request, f->err);
    assert_int_equal(tpmc_error_code(f->err), status);
    assert_true((status == 0) == (request != NULL));
    tpmc_http_request_free(request);
    tpmc__buf_free(&form);
    return status;
}

static void survives_every_failing_allocation(void **state)
{
    options_fixture f;

    (void)state;
    options_open(&f, TPMC_OBJECT_AWS_HMAC);
    put_all_of_a_role(&f);
    assert_in_range(each_allocation(make, &f, TPMC_ERR_NOMEM), 5, 200);
    options_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_token_is_the_default),
        cmocka_unit_test(a_role_with_nothing_else),
        cmocka_unit_test(a_role_with_everything),
        cmocka_unit_test(a_federated_user),
        cmocka_unit_test(the_longest_form_fits),
        WITH_ERROR(a_request_posts_the_form),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
