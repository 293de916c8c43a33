/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/azure_bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/each_allocation.h"

#define THREADS 64
#define TIME_RANGE                                                                                 \
    "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700024: Client assertion is not " \
    "within its valid time range.\"}"

static tpmc_token *get_for(azure_bench *b, const char *scopes, const char *claims)
{
    tpmc_token *token = NULL;

    expect_success(tpmc_azure_get_token(b->azure, scopes, claims, &token, b->err), b->err);
    assert_non_null(token);
    return token;
}

static tpmc_token *get(azure_bench *b)
{
    return get_for(b, NULL, NULL);
}

static void expect_refusal(azure_bench *b, int code, const char *words)
{
    tpmc_token *token = (tpmc_token *)b;
    int status = tpmc_azure_get_token(b->azure, NULL, NULL, &token, b->err);

    expect_failure(status, b->err, code, words);
    assert_null(token);
    /* Neither the assertion nor anything else that is signed. */
    assert_null(strstr(tpmc_error_text(b->err), "eyJ"));
}

static void a_token_is_got_and_kept(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token = get(b);
    char *assertion = bench_field(b, "client_assertion");
    char *scope = bench_field(b, "scope");
    tpmc__json *claims = jws_part(assertion, 1);

    (void)state;
    assert_string_equal(tpmc_token_value(token), "the.access.token");
    assert_string_equal(tpmc_token_type(token), "Bearer");
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 3599000);
    assert_string_equal(b->url, TOKEN_URL);
    assert_string_equal(scope, "https%3A%2F%2Fgraph.microsoft.com%2F.default");
    assert_true(bench_verifies(bench_rsa, assertion, 1));
    expect_text(claims, "aud", TOKEN_URL);
    for (int i = 0; i < 1000; i++)
        tpmc_token_free(get(b));
    assert_int_equal(atomic_load(&b->signatures), 1);
    assert_int_equal(atomic_load(&b->exchanges), 1);
    tpmc__json_free(claims);
    free(assertion);
    free(scope);
    tpmc_token_free(token);
    free_bench(b);
}

static void each_request_has_its_line(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token = NULL;
    char *claims;

    (void)state;
    tpmc_token_free(get(b));
    tpmc_token_free(get_for(b, "https://vault.azure.net/.default", NULL));
    tpmc_token_free(get_for(b, GRAPH, "{\"access_token\":{\"nbf\":{\"value\":\"1\"}}}"));
    claims = bench_field(b, "claims");
    assert_string_equal(claims,
                        "%7B%22access_token%22%3A%7B%22nbf%22%3A%7B%22value%22%3A%221%22%7D%7D%7D");
    free(claims);
    assert_int_equal(
        tpmc_azure_get_token_on_behalf_of(b->azure, "a.user.token", NULL, NULL, &token, b->err), 0);
    tpmc_token_free(token);
    claims = bench_field(b, "assertion");
    assert_string_equal(claims, "a.user.token");
    free(claims);
    assert_int_equal(atomic_load(&b->exchanges), 4);
    tpmc_token_free(get_for(b, " " GRAPH " ", NULL));
    tpmc_token_free(get_for(b, "https://vault.azure.net/.default", NULL));
    assert_int_equal(
        tpmc_azure_get_token_on_behalf_of(b->azure, "a.user.token", NULL, NULL, &token, b->err), 0);
    tpmc_token_free(token);
    assert_int_equal(atomic_load(&b->exchanges), 4);
    assert_int_equal(tpmc_azure_get_token_on_behalf_of(b->azure, "another.user.token", NULL, NULL,
                                                       &token, b->err),
                     0);
    tpmc_token_free(token);
    assert_int_equal(atomic_load(&b->exchanges), 5);
    free_bench(b);
}

static void capabilities_are_told(void **state)
{
    azure_bench *b = new_bench();
    char *claims;

    (void)state;
    bench_set(b, "client_capability", "cp1");
    tpmc_token_free(get(b));
    claims = bench_field(b, "claims");
    assert_string_equal(claims, "%7B%22access_token%22%3A%7B%22xms_cc%22%3A%7B%22values%22%3A%5B%22"
                                "cp1%22%5D%7D%7D%7D");
    free(claims);
    free_bench(b);
}

static void refresh_in_is_when_to_renew(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->answer = "{\"expires_in\":86400,\"refresh_in\":43200,\"access_token\":\"first\"}";
    b->later_answer = "{\"expires_in\":\"86400\",\"access_token\":\"second\"}";
    tpmc_token_free(get(b));
    fake_env_pass(&b->fake, INT64_C(43199) * 1000);
    tpmc_token_free(get(b));
    assert_int_equal(atomic_load(&b->exchanges), 1);
    fake_env_pass(&b->fake, 1000);
    tpmc_token_free(get(b));
    assert_int_equal(atomic_load(&b->exchanges), 2);
    free_bench(b);
}

static void a_wrong_clock_is_corrected_once(void **state)
{
    azure_bench *b = new_bench();
    tpmc__json *claims;
    char *assertion;

    (void)state;
    b->http_status = 401;
    b->answer = TIME_RANGE;
    b->header = "Date";
    b->header_value = "Sun, 15 Jun 2025 16:06:40 GMT"; /* an hour later */
    b->later_answer = SUCCESS;
    tpmc_token_free(get(b));
    assert_int_equal(atomic_load(&b->exchanges), 2);
    assertion = bench_field(b, "client_assertion");
    claims = jws_part(assertion, 1);
    expect_integer(claims, "nbf", FAKE_WALL_MS / 1000 + 3600 - 60);
    tpmc__json_free(claims);
    free(assertion);
    free_bench(b);
}

/* Learns that the server's clock is an hour ahead. */
static void learn_clock(azure_bench *b)
{
    b->http_status = 401;
    b->answer = TIME_RANGE;
    b->header = "Date";
    b->header_value = "Sun, 15 Jun 2025 16:06:40 GMT";
    b->later_answer = SUCCESS;
    tpmc_token_free(get(b));
}

/* A bench that has learned it. */
static azure_bench *new_late_bench(const char *not_after)
{
    azure_bench *b = new_bench();
    tpmc__buf pem;

    tpmc__buf_init(&pem, 65536);
    made_pem(&(made_wish){ .key = bench_rsa,
                           .subject = "device",
                           .not_before = "20200101000000Z",
                           .not_after = not_after },
             &pem);
    expect_success(tpmc_azure_set_certificate(b->azure, pem.data, pem.len, b->err), b->err);
    tpmc__buf_free(&pem);
    learn_clock(b);
    return b;
}

/* Made at the time of the server. */
static void expect_late_assertion(azure_bench *b)
{
    tpmc_bytes *assertion = NULL;
    tpmc__json *claims;

    expect_success(tpmc_azure_make_assertion(b->azure, &assertion, b->err), b->err);
    claims = jws_part((const char *)tpmc_bytes_data(assertion), 1);
    expect_integer(claims, "nbf", FAKE_WALL_MS / 1000 + 3600 - 60);
    tpmc__json_free(claims);
    tpmc_bytes_free(assertion);
}

static void a_learned_clock_is_used_for_assertions_too(void **state)
{
    azure_bench *b = new_late_bench("20400101000000Z");

    (void)state;
    expect_late_assertion(b);
    free_bench(b);
}

/* Entra judges the dates; a warning is all that our clock is good for. */
static void a_certificate_that_ends_by_the_learned_clock_is_warned_of(void **state)
{
    azure_bench *b = new_late_bench("20250615153640Z"); /* half an hour from now */
    tpmc_bytes *assertion = NULL;
    int before = atomic_load(&b->fake.logged);

    (void)state;
    expect_success(tpmc_azure_make_assertion(b->azure, &assertion, b->err), b->err);
    assert_int_equal(atomic_load(&b->fake.logged), before + 1);
    assert_non_null(strstr(b->fake.log_text, "has expired at 2025-06-15T15:36:40Z"));
    tpmc_bytes_free(assertion);
    free_bench(b);
}

/* Set to the server's time, an hour later, it is right: nothing is added to it any more. */
static void a_clock_that_was_set_is_not_corrected(void **state)
{
    azure_bench *b = new_late_bench("20250615163640Z"); /* half an hour after that */

    (void)state;
    atomic_fetch_add(&b->fake.wall_ms, 3600000);
    expect_late_assertion(b);
    free_bench(b);
}

/* The same without a certificate, whose end is looked at before. */
static void nor_is_it_for_a_federated_credential(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);

    (void)state;
    bench_set(b, "tenant_id", TENANT);
    bench_set(b, "client_id", CLIENT);
    bench_set(b, "scopes", GRAPH);
    bench_set(b, "federation_issuer", "https://issuer.example");
    bench_set(b, "federation_subject", "device-1");
    learn_clock(b);
    expect_late_assertion(b);
    atomic_fetch_add(&b->fake.wall_ms, 3600000);
    expect_late_assertion(b);
    free_bench(b);
}

static void only_the_application_s_own_tokens_are_regional(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token = NULL;

    (void)state;
    bench_set(b, "region", "westeurope");
    tpmc_token_free(get(b));
    assert_string_equal(b->url,
                        "https://westeurope.login.microsoft.com/" TENANT "/oauth2/v2.0/token");
    assert_int_equal(
        tpmc_azure_get_token_on_behalf_of(b->azure, "u", "openid", NULL, &token, b->err), 0);
    assert_string_equal(b->url, TOKEN_URL);
    tpmc_token_free(token);
    free_bench(b);
}

/* What the server says in its own time lives by ours. */
static void an_expiry_is_moved_to_our_clock(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token;

    (void)state;
    b->http_status = 401;
    b->answer = TIME_RANGE;
    b->header = "Date";
    b->header_value = "Sun, 15 Jun 2025 16:06:40 GMT"; /* an hour later */
    b->later_answer = "{\"expires_on\":\"1750007200\",\"access_token\":\"t\"}";
    token = get(b);
    assert_int_equal(tpmc_token_expires_at_ms(token), FAKE_WALL_MS + 3600000);
    tpmc_token_free(token);
    free_bench(b);
}

static void a_clock_that_stays_wrong_is_told(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->http_status = 401;
    b->answer = TIME_RANGE;
    expect_refusal(b, TPMC_ERR_CLOCK, "the clock of this machine is wrong");
    assert_int_equal(atomic_load(&b->exchanges), 1);
    free_bench(b);
}

static void a_failing_server_is_tried_again_with_a_new_assertion(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->http_status = 503;
    b->answer = "<html>";
    b->later_answer = SUCCESS;
    tpmc_token_free(get(b));
    assert_int_equal(atomic_load(&b->exchanges), 2);
    assert_int_equal(atomic_load(&b->signatures), 2);
    free_bench(b);
}

static void retry_after_is_obeyed_by_later_calls(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->http_status = 429;
    b->answer = "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90055: too many\"}";
    b->header = "Retry-After";
    b->header_value = "120";
    b->later_answer = SUCCESS;
    expect_refusal(b, TPMC_ERR_THROTTLED, "AADSTS90055");
    assert_int_equal(tpmc_error_retry_after_ms(b->err), 120000);
    fake_env_pass(&b->fake, 119000);
    expect_refusal(b, TPMC_ERR_THROTTLED, "not asked again");
    assert_int_equal(tpmc_error_retry_after_ms(b->err), 1000);
    assert_int_equal(tpmc_error_http_status(b->err), 429);
    assert_string_equal(tpmc_error_provider_code(b->err), "AADSTS90055");
    assert_int_equal(atomic_load(&b->exchanges), 1);
    fake_env_pass(&b->fake, 1000);
    tpmc_token_free(get(b));
    free_bench(b);
}

static void a_denial_is_told_and_not_repeated(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->http_status = 401;
    b->answer = "{\"error\":\"invalid_client\",\"error_codes\":[700027],\"trace_id\":\"trace\"}";
    expect_refusal(b, TPMC_ERR_DENIED, "register the certificate");
    assert_string_equal(tpmc_error_provider_code(b->err), "AADSTS700027");
    assert_string_equal(tpmc_error_request_id(b->err), "trace");
    assert_int_equal(tpmc_error_http_status(b->err), 401);
    assert_int_equal(atomic_load(&b->exchanges), 1);
    free_bench(b);
}

static void a_failing_renewal_leaves_the_valid_token(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token;

    (void)state;
    tpmc_token_free(get(b));
    b->http_status = 400;
    b->answer = "{\"error\":\"invalid_client\"}";
    fake_env_pass(&b->fake, INT64_C(3400) * 1000);
    token = get(b);
    assert_int_equal(atomic_load(&b->exchanges), 2);
    assert_int_equal(atomic_load(&b->fake.logged), 1);
    assert_null(strstr(b->fake.log_text, tpmc_token_value(token)));
    assert_null(strstr(b->fake.log_text, "eyJ"));
    tpmc_token_free(token);
    fake_env_pass(&b->fake, INT64_C(199) * 1000);
    expect_refusal(b, TPMC_ERR_DENIED, "invalid_client");
    free_bench(b);
}

static void redirections_are_not_followed(void **state)
{
    azure_bench *b = new_bench();

    (void)state;
    b->http_status = 302;
    b->header = "Location";
    b->header_value = "https://evil.example/";
    expect_refusal(b, TPMC_ERR_PROTOCOL, "evil.example");
    assert_int_equal(atomic_load(&b->exchanges), 1);
    free_bench(b);
}

static void a_refusal_leaves_the_object_settable(void **state)
{
    azure_bench *b = new_bare_bench(bench_rsa);

    (void)state;
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'scopes' is missing");
    bench_set(b, "scopes", GRAPH);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'client_id' is missing");
    bench_set(b, "client_id", CLIENT);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'tenant_id' is missing");
    bench_set(b, "tenant_id", TENANT);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'certificate_path' is missing");
    bench_set(b, "federation_issuer", "https://issuer.example");
    bench_set(b, "federation_subject", "s");
    assert_int_equal(atomic_load(&b->signatures), 0);
    tpmc_token_free(get(b));
    expect_failure(tpmc_azure_set(b->azure, "scopes", NULL, b->err), b->err, TPMC_ERR_STATE, "");
    expect_failure(tpmc_azure_set_certificate(b->azure, "x", 1, b->err), b->err, TPMC_ERR_STATE,
                   "");
    free_bench(b);
}

static void null_and_bad_parameters_are_refused(void **state)
{
    azure_bench *b = new_bench();
    tpmc_azure *made = b->azure;
    tpmc_token *token = NULL;

    (void)state;
    expect_failure(tpmc_azure_new(NULL, b->key, &made, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "env or key is NULL");
    assert_null(made);
    expect_failure(tpmc_azure_new(b->env, NULL, &made, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "env or key is NULL");
    expect_failure(tpmc_azure_new(b->env, b->key, NULL, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "out is NULL");
    expect_failure(tpmc_azure_set(NULL, "scopes", "a", b->err), b->err, TPMC_ERR_ARGUMENT,
                   "azure is NULL");
    expect_failure(tpmc_azure_set(b->azure, "tenent_id", "a", b->err), b->err, TPMC_ERR_ARGUMENT,
                   "did you mean 'tenant_id'");
    expect_failure(tpmc_azure_get_token(NULL, NULL, NULL, &token, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "azure is NULL");
    expect_failure(tpmc_azure_get_token(b->azure, NULL, NULL, NULL, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "out is NULL");
    expect_failure(tpmc_azure_get_token(b->azure, "User.Read", NULL, &token, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "'/.default'");
    expect_failure(tpmc_azure_get_token(b->azure, NULL, "{", &token, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "the claims are neither");
    expect_failure(tpmc_azure_get_token_on_behalf_of(b->azure, NULL, NULL, NULL, &token, b->err),
                   b->err, TPMC_ERR_ARGUMENT, "user_assertion is NULL");
    tpmc_azure_free(NULL);
    free_bench(b);
}

static void certificates_have_a_size(void **state)
{
    static uint8_t large[65537];
    azure_bench *b = new_bench();

    (void)state;
    expect_failure(tpmc_azure_set_certificate(b->azure, large, sizeof(large), b->err), b->err,
                   TPMC_ERR_ARGUMENT, "not 1 to 65536 bytes");
    expect_failure(tpmc_azure_set_certificate(b->azure, large, 0, b->err), b->err,
                   TPMC_ERR_ARGUMENT, "not 1 to 65536 bytes");
    expect_failure(tpmc_azure_set_certificate(b->azure, NULL, 1, b->err), b->err, TPMC_ERR_ARGUMENT,
                   "not 1 to 65536 bytes");
    expect_success(tpmc_azure_set_certificate(b->azure, large, 65536, b->err), b->err);
    expect_success(tpmc_azure_set_certificate(b->azure, NULL, 0, b->err), b->err);
    expect_refusal(b, TPMC_ERR_ARGUMENT, "'certificate_path' is missing");
    free_bench(b);
}

static void *ask(void *user)
{
    azure_bench *b = user;
    tpmc_token *token = NULL;

    check(tpmc_azure_get_token(b->azure, NULL, NULL, &token, NULL) == 0);
    check(strcmp(tpmc_token_value(token), "the.access.token") == 0);
    tpmc_token_free(token);
    return NULL;
}

static void a_herd_makes_one_request(void **state)
{
    azure_bench *b = new_bench();
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, b), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&b->signatures), 1);
    assert_int_equal(atomic_load(&b->exchanges), 1);
    free_bench(b);
}

static void *make_assertion(void *user)
{
    azure_bench *b = user;
    tpmc_bytes *assertion = NULL;

    check(tpmc_azure_make_assertion(b->azure, &assertion, NULL) == 0);
    tpmc_bytes_free(assertion);
    return NULL;
}

/* The certificate is read by whoever comes first. */
static void many_threads_may_begin_at_once(void **state)
{
    azure_bench *b = new_bench();
    pthread_t threads[16];

    (void)state;
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_assertion, b), 0);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&b->signatures), 16);
    free_bench(b);
}

static void a_child_can_only_read_and_free(void **state)
{
    azure_bench *b = new_bench();
    tpmc_token *token = get(b);
    int wait_status = -1;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        (void)alarm(20);
        expect_refusal(b, TPMC_ERR_FORKED, "fork");
        check(tpmc_azure_set(b->azure, "scopes", "x", b->err) == TPMC_ERR_FORKED);
        check(strcmp(tpmc_token_value(token), "the.access.token") == 0);
        tpmc_token_free(token);
        free_bench(b);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &wait_status, 0), child);
    assert_int_equal(wait_status, 0);
    tpmc_token_free(token);
    free_bench(b);
}

/* An identity made, set and used anew. */
static int attempt(void *context)
{
    azure_bench *b = context;
    tpmc_azure *azure = NULL;
    tpmc_token *token = NULL;
    int status = tpmc_azure_new(b->env, b->key, &azure, NULL);

    if (status == 0)
        status = tpmc_azure_set(azure, "tenant_id", TENANT, NULL);
    if (status == 0)
        status = tpmc_azure_set(azure, "client_id", CLIENT, NULL);
    if (status == 0)
        status = tpmc_azure_set(azure, "federation_issuer", "https://issuer.example", NULL);
    if (status == 0)
        status = tpmc_azure_set(azure, "federation_subject", "s", NULL);
    if (status == 0)
        status = tpmc_azure_get_token(azure, GRAPH, "{\"a\":1}", &token, NULL);
    tpmc_token_free(token);
    tpmc_azure_free(azure);
    return status;
}

static int answer_success(void *user, const tpmc_http_request *request,
                          tpmc_http_response *response)
{
    int status = tpmc_http_response_append_body(response, SUCCESS, strlen(SUCCESS), NULL);

    (void)user;
    (void)request;
    return status == 0 ? tpmc_http_response_set_status(response, 200, NULL) : status;
}

static void each_allocation_may_fail(void **state)
{
    azure_bench *b = calloc(1, sizeof(*b));
    tpmc__span spki = made_spki(bench_rsa);

    (void)state;
    check(b != NULL);
    b->env = fake_env_new(&b->fake);
    b->pkey = bench_rsa;
    b->salt_len = 32;
    check(tpmc_env_set_http(b->env, answer_success, b, NULL, NULL) == 0);
    check(tpmc_key_new_callback(b->env, spki.data, spki.len, bench_sign, b, NULL, &b->key, NULL) ==
          0);
    made_spki_free(&spki);
    assert_true(each_allocation(attempt, b, TPMC_ERR_NOMEM) > 0);
    free_bench(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_got_and_kept),
        cmocka_unit_test(each_request_has_its_line),
        cmocka_unit_test(capabilities_are_told),
        cmocka_unit_test(refresh_in_is_when_to_renew),
        cmocka_unit_test(a_wrong_clock_is_corrected_once),
        cmocka_unit_test(an_expiry_is_moved_to_our_clock),
        cmocka_unit_test(a_learned_clock_is_used_for_assertions_too),
        cmocka_unit_test(a_certificate_that_ends_by_the_learned_clock_is_warned_of),
        cmocka_unit_test(a_clock_that_was_set_is_not_corrected),
        cmocka_unit_test(nor_is_it_for_a_federated_credential),
        cmocka_unit_test(only_the_application_s_own_tokens_are_regional),
        cmocka_unit_test(a_clock_that_stays_wrong_is_told),
        cmocka_unit_test(a_failing_server_is_tried_again_with_a_new_assertion),
        cmocka_unit_test(retry_after_is_obeyed_by_later_calls),
        cmocka_unit_test(a_denial_is_told_and_not_repeated),
        cmocka_unit_test(a_failing_renewal_leaves_the_valid_token),
        cmocka_unit_test(redirections_are_not_followed),
        cmocka_unit_test(a_refusal_leaves_the_object_settable),
        cmocka_unit_test(null_and_bad_parameters_are_refused),
        cmocka_unit_test(certificates_have_a_size),
        cmocka_unit_test(a_herd_makes_one_request),
        cmocka_unit_test(many_threads_may_begin_at_once),
        cmocka_unit_test(a_child_can_only_read_and_free),
        cmocka_unit_test(each_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
