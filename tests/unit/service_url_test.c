/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include "proto/service_url.h"
#include "unit/failing_alloc.h"

static void urls_of_services_pass(void **state)
{
    static const char *const urls[] = {
        "https://sts.googleapis.com", "https://h/",   "https://h:8443/a/b",
        "http://127.0.0.1:80/x",      "http://[::1]",
    };

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        expect_success(tpmc__service_url_check(urls[i], "token_uri", *state), *state);
}

static void others_are_refused_by_the_options_name(void **state)
{
    static const struct {
        const char *url;
        const char *words;
    } rows[] = {
        { "http://example.com/", "option 'token_uri' must begin with https://" },
        { "http://localhost/", "option 'token_uri' must begin with https://" },
        { "https://h/?a=b", "option 'token_uri' has a query" },
        { "https://h/#f", "option 'token_uri'" },
        { "https://user@h/", "option 'token_uri'" },
        { "file:///etc/passwd", "option 'token_uri'" },
        { "h", "option 'token_uri'" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_failure(tpmc__service_url_check(rows[i].url, "token_uri", *state), *state,
                       TPMC_ERR_ARGUMENT, rows[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(urls_of_services_pass),
        WITH_ERROR(others_are_refused_by_the_options_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
