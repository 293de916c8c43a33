/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "base/option_check.h"
#include "base/option_int.h"
#include "base/option_table.h"

typedef struct row {
    size_t index;
    const char *name;
    int kind;
    const char *default_text;
    int64_t min;
    int64_t max;
} row;

/* What is promised to callers, letter for letter. */
static const row rows[] = {
    { TPMC__AZURE_TENANT_ID, "tenant_id", TPMC_OPTION_TEXT, NULL, 1, 253 },
    { TPMC__AZURE_CLIENT_ID, "client_id", TPMC_OPTION_TEXT, NULL, 1, 256 },
    { TPMC__AZURE_CERTIFICATE_PATH, "certificate_path", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC__AZURE_SCOPES, "scopes", TPMC_OPTION_LIST, NULL, 1, 1024 },
    { TPMC__AZURE_AUTHORITY_HOST, "authority_host", TPMC_OPTION_TEXT,
      "https://login.microsoftonline.com", 8, 2048 },
    { TPMC__AZURE_TOKEN_URL, "token_url", TPMC_OPTION_TEXT, NULL, 8, 2048 },
    { TPMC__AZURE_REGION, "region", TPMC_OPTION_TEXT, NULL, 2, 63 },
    { TPMC__AZURE_ALGORITHM, "algorithm", TPMC_OPTION_CHOICE, "auto", 0, 0 },
    { TPMC__AZURE_THUMBPRINT, "thumbprint", TPMC_OPTION_CHOICE, "sha256", 0, 0 },
    { TPMC__AZURE_SEND_CERTIFICATE_CHAIN, "send_certificate_chain", TPMC_OPTION_BOOLEAN, "0", 0,
      0 },
    { TPMC__AZURE_ASSERTION_LIFETIME, "assertion_lifetime", TPMC_OPTION_NUMBER, "600", 120, 86400 },
    { TPMC__AZURE_CLAIMS, "claims", TPMC_OPTION_TEXT, NULL, 1, 16384 },
    { TPMC__AZURE_CLIENT_CAPABILITY, "client_capability", TPMC_OPTION_LIST, NULL, 1, 64 },
    { TPMC__AZURE_FEDERATION_ISSUER, "federation_issuer", TPMC_OPTION_TEXT, NULL, 8, 600 },
    { TPMC__AZURE_FEDERATION_SUBJECT, "federation_subject", TPMC_OPTION_TEXT, NULL, 1, 600 },
    { TPMC__AZURE_FEDERATION_AUDIENCE, "federation_audience", TPMC_OPTION_TEXT,
      "api://AzureADTokenExchange", 1, 600 },
};

static void options_are_as_promised(void **state)
{
    const tpmc__option_table *table = tpmc__option_table_of(TPMC_OBJECT_AZURE);

    (void)state;
    assert_int_equal(table->count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < table->count; i++) {
        const tpmc__option *option = &table->options[rows[i].index];

        assert_string_equal(option->name, rows[i].name);
        assert_int_equal(option->kind, rows[i].kind);
        assert_int_equal(option->min, rows[i].min);
        assert_int_equal(option->max, rows[i].max);
        assert_in_range(strlen(option->summary), 10, 120);
        if (rows[i].default_text == NULL)
            assert_null(option->default_text);
        else
            assert_string_equal(option->default_text, rows[i].default_text);
    }
    assert_non_null(strstr(table->options[TPMC__AZURE_ASSERTION_LIFETIME].summary, "120 to 86400"));
}

/* A command of the program takes the options of all these objects as flags. */
static void names_are_unique_in_one_command(void **state)
{
    static const int others[] = { TPMC_OBJECT_ENV, TPMC_OBJECT_TPM, TPMC_OBJECT_KEY };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
            for (size_t n = 0; n < tpmc_option_count(others[k]); n++)
                assert_string_not_equal(tpmc_option_name(others[k], n), rows[i].name);
        }
    }
}

typedef struct sample {
    const char *name;
    const char *value;
    const char *words; /* of the refusal; NULL: it is taken */
} sample;

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const sample samples[] = {
    { "tenant_id", "72f988bf-86f1-41af-91ab-2d7cd011db47", NULL },
    { "tenant_id", "Contoso.OnMicrosoft.com", NULL },
    { "tenant_id", "adfs", NULL },
    { "tenant_id", "../x", "letters, digits, '-' and '.'" },
    { "tenant_id", "a b", "letters, digits, '-' and '.'" },
    { "tenant_id", "a%2f", "letters, digits, '-' and '.'" },
    { "tenant_id", "a/b", "letters, digits, '-' and '.'" },
    { "tenant_id", "..", "begin or end with '.'" },
    { "tenant_id", ".a", "begin or end with '.'" },
    { "tenant_id", "a.", "begin or end with '.'" },
    { "tenant_id", "Common", "names no tenant" },
    { "tenant_id", "organizations", "names no tenant" },
    { "tenant_id", "consumers", "names no tenant" },
    { "region", "westeurope", NULL },
    { "region", "a1", NULL },
    { "region", LABEL_63, NULL },
    { "region", LABEL_63 "4", "63" },
    { "region", "a", "2" },
    { "region", "West", "a-z, 0-9 and '-'" },
    { "region", "evil.example", "a-z, 0-9 and '-'" },
    { "region", "a/b", "a-z, 0-9 and '-'" },
    { "region", "1a", "begin with a letter" },
    { "region", "-a", "begin with a letter" },
    { "region", "a-", "end with '-'" },
    { "client_id", "a b", "spaces" },
    { "client_id", "a\r\nb", "" },
    { "assertion_lifetime", "119", "120" },
    { "assertion_lifetime", "120", NULL },
    { "assertion_lifetime", "86400", NULL },
    { "assertion_lifetime", "86401", "86400" },
    { "algorithm", "ES256", "RS256" },
    { "thumbprint", "md5", "sha256" },
    { "claims", "{\n\t\"a\": 1\n}", NULL },
    { "client_capability", "cp1", NULL },
    { "client_capability", "c p", "spaces" },
    { "scopes", "a\"b", "quotes" },
    { "federation_subject", "a subject", NULL },
};

static void values_are_checked_when_they_are_set(void **state)
{
    tpmc_error *err = *state;
    tpmc__options options;
    int status;

    assert_int_equal(tpmc__options_init(&options, TPMC_OBJECT_AZURE, err), 0);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        status = tpmc__options_set(&options, samples[i].name, samples[i].value, err);
        if (samples[i].words == NULL)
            assert_int_equal(status, 0);
        else
            expect_failure(status, err, TPMC_ERR_ARGUMENT, samples[i].words);
    }
    tpmc__options_free(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_as_promised),
        cmocka_unit_test(names_are_unique_in_one_command),
        WITH_ERROR(values_are_checked_when_they_are_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
