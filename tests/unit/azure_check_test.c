/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/azure_check.h"

#include "azure/entra_endpoint.h"
#include "base/error_int.h"
#include "unit/azure_fixture.h"

typedef struct row {
    setting settings[6];
    int has_certificate;
    const char *for_assertion; /* the words of a refusal; NULL: none */
    const char *for_token;
} row;

#define BASIC                                                                                      \
    { "tenant_id", TENANT },                                                                       \
    {                                                                                              \
        "client_id", CLIENT                                                                        \
    }
#define FEDERATED                                                                                  \
    { "federation_issuer", "https://issuer.example/a" },                                           \
    {                                                                                              \
        "federation_subject", "device-1"                                                           \
    }

static const row rows[] = {
    { { BASIC, { "certificate_path", "a.pem" } }, 0, NULL, NULL },
    { { BASIC }, 1, NULL, NULL },
    { { { "token_url", "https://idp.example/t" }, { "client_id", CLIENT } }, 1, NULL, NULL },
    { { FEDERATED }, 0, NULL, "option 'client_id' is missing" },
    { { FEDERATED, { "client_id", CLIENT } }, 0, NULL, "option 'tenant_id' is missing" },
    { { FEDERATED, BASIC }, 0, NULL, NULL },
    { { { "tenant_id", TENANT } },
      1,
      "option 'client_id' is missing",
      "option 'client_id' is missing" },
    { { { "client_id", CLIENT } },
      1,
      "option 'tenant_id' is missing",
      "option 'tenant_id' is missing" },
    { { BASIC }, 0, "option 'certificate_path' is missing", "'certificate_path' is missing" },
    { { BASIC, { "certificate_path", "a.pem" } },
      1,
      "'certificate_path' and the bytes of a certificate exclude",
      "'certificate_path' and the bytes of a certificate exclude" },
    { { BASIC, { "federation_subject", "s" } },
      1,
      "option 'federation_issuer' is missing",
      "option 'federation_issuer' is missing" },
    { { BASIC, { "federation_issuer", "https://issuer.example" } },
      0,
      "option 'federation_subject' is missing",
      "option 'federation_subject' is missing" },
    { { BASIC, FEDERATED },
      1,
      "option 'federation_issuer' and a certificate exclude",
      "option 'federation_issuer' and a certificate exclude" },
    { { BASIC, FEDERATED, { "certificate_path", "a.pem" } },
      0,
      "option 'federation_issuer' and a certificate exclude",
      "option 'federation_issuer' and a certificate exclude" },
    { { BASIC, FEDERATED, { "send_certificate_chain", "1" } },
      0,
      "'federation_issuer' and 'send_certificate_chain' exclude",
      "'federation_issuer' and 'send_certificate_chain' exclude" },
    { { BASIC, FEDERATED, { "federation_issuer", "http://127.0.0.1/" } },
      0,
      "option 'federation_issuer' must begin with https://",
      "option 'federation_issuer' must begin with https://" },
    { { BASIC, FEDERATED, { "federation_issuer", "https://h/?q" } },
      0,
      "option 'federation_issuer' has a query",
      "option 'federation_issuer' has a query" },
    { { BASIC, FEDERATED, { "federation_issuer", "issuer.example" } },
      0,
      "option 'federation_issuer': ",
      "option 'federation_issuer': " },
};

static void expect(int status, const tpmc_error *err, const char *words)
{
    if (words == NULL)
        expect_success(status, err);
    else
        expect_failure(status, err, TPMC_ERR_ARGUMENT, words);
}

static void options_must_make_sense_together(void **state)
{
    tpmc_error *err = *state;
    tpmc__options options;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        init_options(&options, rows[i].settings);
        /* expect_success() demands an empty error, and none empties it here. */
        tpmc__error_clear(err);
        expect(tpmc__azure_check_assertion(&options, rows[i].has_certificate, err), err,
               rows[i].for_assertion);
        tpmc__error_clear(err);
        expect(tpmc__azure_check_token(&options, rows[i].has_certificate, TPMC__GRANT_CLIENT, err),
               err, rows[i].for_token);
        tpmc__options_free(&options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ERROR(options_must_make_sense_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
