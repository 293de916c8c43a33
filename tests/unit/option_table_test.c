/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <stdio.h>

#include "base/env_int.h"
#include "base/option_int.h"
#include "base/option_table.h"
#include "base/option_value.h"

static const int objects[] = { TPMC_OBJECT_ENV,     TPMC_OBJECT_TPM, TPMC_OBJECT_KEY_TEMPLATE,
                               TPMC_OBJECT_KEY,     TPMC_OBJECT_GCP, TPMC_OBJECT_AWS_ROLESANYWHERE,
                               TPMC_OBJECT_AWS_HMAC };

typedef struct row {
    int object;
    size_t index;
    const char *name;
    int kind;
    const char *default_text;
    int64_t min;
    int64_t max;
} row;

/* What is promised to callers, letter for letter. */
static const row rows[] = {
    { TPMC_OBJECT_ENV, TPMC__ENV_CA_FILE, "ca_file", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_ENV, TPMC__ENV_CA_DIR, "ca_dir", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_ENV, TPMC__ENV_PROXY, "proxy", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_ENV, TPMC__ENV_CONNECT_TIMEOUT_MS, "connect_timeout_ms", TPMC_OPTION_NUMBER,
      "5000", 100, 600000 },
    { TPMC_OBJECT_ENV, TPMC__ENV_TIMEOUT_MS, "timeout_ms", TPMC_OPTION_NUMBER, "30000", 100,
      3600000 },
    { TPMC_OBJECT_ENV, TPMC__ENV_MAX_ATTEMPTS, "max_attempts", TPMC_OPTION_NUMBER, "3", 1, 10 },
    { TPMC_OBJECT_ENV, TPMC__ENV_USER_AGENT, "user_agent", TPMC_OPTION_TEXT, NULL, 1, 256 },
    { TPMC_OBJECT_ENV, TPMC__ENV_ALLOW_HTTP_LOOPBACK, "allow_http_loopback", TPMC_OPTION_BOOLEAN,
      "0", 0, 0 },
    { TPMC_OBJECT_TPM, TPMC__TPM_TCTI, "tcti", TPMC_OPTION_TEXT, "device:/dev/tpmrm0", 1, 4096 },
    { TPMC_OBJECT_TPM, TPMC__TPM_ALLOW_ANY_TCTI, "allow_any_tcti", TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_TPM, TPMC__TPM_TPM_TIMEOUT_MS, "tpm_timeout_ms", TPMC_OPTION_NUMBER, "30000", 100,
      3600000 },
    { TPMC_OBJECT_TPM, TPMC__TPM_ALLOW_STARTUP, "allow_startup", TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_TPM, TPMC__TPM_BUS_PROTECTION, "bus_protection", TPMC_OPTION_CHOICE, "auto", 0,
      0 },
    { TPMC_OBJECT_TPM, TPMC__TPM_SALT_KEY, "salt_key", TPMC_OPTION_TEXT, "parent", 1, 32 },
    { TPMC_OBJECT_TPM, TPMC__TPM_SALT_KEY_NAME, "salt_key_name", TPMC_OPTION_TEXT, NULL, 68, 134 },
    { TPMC_OBJECT_TPM, TPMC__TPM_ENC_KEY_NAME, "enc_key_name", TPMC_OPTION_TEXT, NULL, 68, 134 },
    { TPMC_OBJECT_TPM, TPMC__TPM_EK_CA_FILE, "ek_ca_file", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_TPM, TPMC__TPM_CONTEXT_DIR, "context_dir", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_TPM, TPMC__TPM_HOLD, "hold", TPMC_OPTION_CHOICE, "auto", 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_ALGORITHM, "algorithm", TPMC_OPTION_CHOICE,
      "rsa2048", 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_SCHEME, "scheme", TPMC_OPTION_CHOICE, "null", 0,
      0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_DESCRIPTION, "description", TPMC_OPTION_TEXT,
      NULL, 1, 1024 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_PARENT_NAME, "parent_name", TPMC_OPTION_TEXT,
      NULL, 68, 134 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_DICTIONARY_ATTACK, "dictionary_attack",
      TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_HASH, "hash", TPMC_OPTION_CHOICE, NULL, 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_PARENT, "parent", TPMC_OPTION_CHOICE, "owner", 0,
      0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_PARENT_HANDLE, "template_parent_handle",
      TPMC_OPTION_TEXT, NULL, 10, 10 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_RESTRICTED, "restricted", TPMC_OPTION_BOOLEAN,
      "0", 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_USER_WITH_AUTH, "user_with_auth",
      TPMC_OPTION_CHOICE, "auto", 0, 0 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_BIND_PCR, "bind_pcr", TPMC_OPTION_TEXT, NULL, 1,
      255 },
    { TPMC_OBJECT_KEY_TEMPLATE, TPMC__KEY_TEMPLATE_BIND_POLICY_FILE, "bind_policy_file",
      TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_KEY, TPMC__KEY_KEYFILE, "keyfile", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_KEY, TPMC__KEY_HANDLE, "handle", TPMC_OPTION_TEXT, NULL, 10, 10 },
    { TPMC_OBJECT_KEY, TPMC__KEY_PUBLIC, "public", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_KEY, TPMC__KEY_PRIVATE, "private", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_KEY, TPMC__KEY_PARENT_HANDLE, "parent_handle", TPMC_OPTION_TEXT, NULL, 10, 10 },
    { TPMC_OBJECT_KEY, TPMC__KEY_PARENT_FALLBACK, "parent_fallback", TPMC_OPTION_BOOLEAN, "0", 0,
      0 },
    { TPMC_OBJECT_KEY, TPMC__KEY_PCR, "pcr", TPMC_OPTION_TEXT, NULL, 1, 255 },
    { TPMC_OBJECT_KEY, TPMC__KEY_POLICY_FILE, "policy_file", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_KEY, TPMC__KEY_ALLOW_SEALED_HMAC, "allow_sealed_hmac", TPMC_OPTION_BOOLEAN, "0",
      0, 0 },
    { TPMC_OBJECT_GCP, TPMC__GCP_EMAIL, "email", TPMC_OPTION_TEXT, NULL, 3, 254 },
    { TPMC_OBJECT_GCP, TPMC__GCP_SCOPES, "scopes", TPMC_OPTION_LIST,
      "https://www.googleapis.com/auth/cloud-platform", 1, 1024 },
    { TPMC_OBJECT_GCP, TPMC__GCP_KEYID, "keyid", TPMC_OPTION_TEXT, NULL, 1, 256 },
    { TPMC_OBJECT_GCP, TPMC__GCP_EXPIRE_IN, "expire_in", TPMC_OPTION_NUMBER, "3600", 1, 3600 },
    { TPMC_OBJECT_GCP, TPMC__GCP_AUDIENCE, "audience", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_PUBLIC_CERTIFICATE_FILE,
      "public_certificate_file", TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_TRUST_ANCHOR_ARN, "trust_anchor_arn",
      TPMC_OPTION_TEXT, NULL, 20, 1011 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_PROFILE_ARN, "profile_arn", TPMC_OPTION_TEXT,
      NULL, 20, 1011 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_ROLE_ARN, "role_arn", TPMC_OPTION_TEXT, NULL, 20,
      1011 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_REGION, "region", TPMC_OPTION_TEXT, NULL, 1, 63 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_DURATION_SECONDS, "duration_seconds",
      TPMC_OPTION_NUMBER, "3600", 900, 43200 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_SESSION_NAME, "session_name", TPMC_OPTION_TEXT,
      NULL, 2, 64 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_CERTIFICATE_CHAIN_FILE, "certificate_chain_file",
      TPMC_OPTION_TEXT, NULL, 1, 4096 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_INSTANCE_PROPERTY, "instance_property",
      TPMC_OPTION_LIST, NULL, 2, 1024 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_ARNS_IN, "arns_in", TPMC_OPTION_CHOICE, "query",
      0, 0 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_ENDPOINT, "endpoint", TPMC_OPTION_TEXT, NULL, 8,
      2048 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_FIPS, "fips", TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_DUAL_STACK, "dual_stack", TPMC_OPTION_BOOLEAN,
      "0", 0, 0 },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, TPMC__AWS_RA_AWS_ACCESS_KEY_ID, "aws_access_key_id",
      TPMC_OPTION_TEXT, NULL, 3, 128 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_AWS_ACCESS_KEY_ID, "aws_access_key_id", TPMC_OPTION_TEXT,
      NULL, 3, 128 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_REGION, "region", TPMC_OPTION_TEXT, NULL, 1, 63 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_DURATION_SECONDS, "duration_seconds", TPMC_OPTION_NUMBER,
      "3600", 900, 129600 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_GET_SESSION_TOKEN, "get_session_token",
      TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_ASSUME_ROLE_ARN, "assume_role_arn", TPMC_OPTION_TEXT,
      NULL, 20, 2048 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_ROLE_SESSION_NAME, "role_session_name", TPMC_OPTION_TEXT,
      NULL, 2, 64 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_FEDERATION_NAME, "federation_name", TPMC_OPTION_TEXT,
      NULL, 2, 32 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_POLICY, "policy", TPMC_OPTION_TEXT, NULL, 1, 8192 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_POLICY_ARN, "policy_arn", TPMC_OPTION_LIST, NULL, 20,
      2048 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_TAG, "tag", TPMC_OPTION_LIST, NULL, 2, 2048 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_TRANSITIVE_TAG_KEY, "transitive_tag_key",
      TPMC_OPTION_LIST, NULL, 1, 512 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_EXTERNAL_ID, "external_id", TPMC_OPTION_TEXT, NULL, 2,
      1224 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_SOURCE_IDENTITY, "source_identity", TPMC_OPTION_TEXT,
      NULL, 2, 64 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_MFA_SERIAL, "mfa_serial", TPMC_OPTION_TEXT, NULL, 9,
      256 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_MFA_CODE, "mfa_code", TPMC_OPTION_TEXT, NULL, 6, 6 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_ENDPOINT, "endpoint", TPMC_OPTION_TEXT, NULL, 8, 2048 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_STS_ENDPOINT, "sts_endpoint", TPMC_OPTION_CHOICE,
      "regional", 0, 0 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_FIPS, "fips", TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_DUAL_STACK, "dual_stack", TPMC_OPTION_BOOLEAN, "0", 0,
      0 },
    { TPMC_OBJECT_AWS_HMAC, TPMC__AWS_HMAC_CACHE_SIGNING_KEY, "cache_signing_key",
      TPMC_OPTION_BOOLEAN, "0", 0, 0 },
    { TPMC_OBJECT_GCP, TPMC__GCP_KIND, "kind", TPMC_OPTION_CHOICE, "jwt", 0, 0 },
    { TPMC_OBJECT_GCP, TPMC__GCP_SUBJECT, "subject", TPMC_OPTION_TEXT, NULL, 3, 254 },
    { TPMC_OBJECT_GCP, TPMC__GCP_SERVICE_ACCOUNT_FILE, "service_account_file", TPMC_OPTION_TEXT,
      NULL, 1, 4096 },
    { TPMC_OBJECT_GCP, TPMC__GCP_TOKEN_URI, "token_uri", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_GCP, TPMC__GCP_UNIVERSE_DOMAIN, "universe_domain", TPMC_OPTION_TEXT, NULL, 1,
      253 },
    { TPMC_OBJECT_GCP, TPMC__GCP_QUOTA_PROJECT, "quota_project", TPMC_OPTION_TEXT, NULL, 1, 256 },
    { TPMC_OBJECT_GCP, TPMC__GCP_IMPERSONATE, "impersonate", TPMC_OPTION_TEXT, NULL, 3, 254 },
    { TPMC_OBJECT_GCP, TPMC__GCP_DELEGATE, "delegate", TPMC_OPTION_LIST, NULL, 3, 254 },
    { TPMC_OBJECT_GCP, TPMC__GCP_LIFETIME, "lifetime", TPMC_OPTION_NUMBER, "3600", 600, 43200 },
    { TPMC_OBJECT_GCP, TPMC__GCP_POOL_AUDIENCE, "pool_audience", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_GCP, TPMC__GCP_ISSUER, "issuer", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_GCP, TPMC__GCP_FEDERATION_SUBJECT, "federation_subject", TPMC_OPTION_TEXT, NULL,
      1, 255 },
    { TPMC_OBJECT_GCP, TPMC__GCP_STS_ENDPOINT, "sts_endpoint", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_GCP, TPMC__GCP_IAM_ENDPOINT, "iam_endpoint", TPMC_OPTION_TEXT, NULL, 1, 2048 },
    { TPMC_OBJECT_GCP, TPMC__GCP_GDCH_PROJECT, "gdch_project", TPMC_OPTION_TEXT, NULL, 1, 63 },
    { TPMC_OBJECT_GCP, TPMC__GCP_GDCH_NAME, "gdch_name", TPMC_OPTION_TEXT, NULL, 1, 253 },
};

static void options_are_as_promised(void **state)
{
    const tpmc__option *option;
    size_t total = 0;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        option = &tpmc__option_table_of(rows[i].object)->options[rows[i].index];
        assert_string_equal(option->name, rows[i].name);
        assert_int_equal(option->kind, rows[i].kind);
        assert_int_equal(option->min, rows[i].min);
        assert_int_equal(option->max, rows[i].max);
        if (rows[i].default_text == NULL)
            assert_null(option->default_text);
        else
            assert_string_equal(option->default_text, rows[i].default_text);
    }
    for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        total += tpmc_option_count(objects[i]);
    assert_int_equal(total, sizeof(rows) / sizeof(rows[0]));
}

static void check_option(const tpmc__option *option, tpmc_error *err)
{
    static const tpmc__option_value none;
    tpmc__option_value value;

    assert_int_equal(strspn(option->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(option->name));
    assert_true(strlen(option->name) <= 64);
    assert_non_null(option->summary);
    assert_in_range(strlen(option->summary), 10, 120);
    assert_null(strpbrk(option->summary, "\n\t"));
    assert_int_not_equal(option->summary[strlen(option->summary) - 1], '.');
    if (option->kind == TPMC_OPTION_CHOICE)
        assert_non_null(option->choices);
    if (option->default_text == NULL)
        return;
    expect_success(tpmc__option_value_parse(option, &none, option->default_text, &value, err), err);
    tpmc__option_value_free(&value);
}

/* Also that each default is a value that the option accepts. */
static void every_option_is_well_formed(void **state)
{
    const tpmc__option_table *table;
    size_t i;
    size_t j;

    for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        table = tpmc__option_table_of(objects[i]);
        assert_non_null(table);
        assert_true(table->count > 0);
        for (j = 0; j < table->count; j++)
            check_option(&table->options[j], *state);
    }
}

/* The range in a summary is the range that holds. */
static void summaries_of_numbers_name_the_range(void **state)
{
    const tpmc__option_table *table;
    const tpmc__option *option;
    char range[64];
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        table = tpmc__option_table_of(objects[i]);
        for (j = 0; j < table->count; j++) {
            option = &table->options[j];
            if (option->kind != TPMC_OPTION_NUMBER)
                continue;
            (void)snprintf(range, sizeof(range), "%lld to %lld", (long long)option->min,
                           (long long)option->max);
            assert_non_null(strstr(option->summary, range));
        }
    }
}

static size_t collect(int object, const char **names, size_t count)
{
    const tpmc__option_table *table = tpmc__option_table_of(object);
    size_t i;

    for (i = 0; i < table->count; i++) {
        names[count++] = table->options[i].name;
        if (table->options[i].alias != NULL)
            names[count++] = table->options[i].alias;
    }
    return count;
}

/* One command of the program takes the options of several objects as flags. */
static void names_are_unique_in_one_command(void **state)
{
    static const int commands[][5] = {
        { TPMC_OBJECT_ENV, TPMC_OBJECT_TPM, TPMC_OBJECT_KEY, TPMC_OBJECT_GCP, 0 },
        { TPMC_OBJECT_ENV, TPMC_OBJECT_TPM, TPMC_OBJECT_KEY, TPMC_OBJECT_AWS_ROLESANYWHERE, 0 },
        { TPMC_OBJECT_ENV, TPMC_OBJECT_TPM, TPMC_OBJECT_KEY, TPMC_OBJECT_AWS_HMAC, 0 },
        { TPMC_OBJECT_ENV, TPMC_OBJECT_TPM, TPMC_OBJECT_KEY_TEMPLATE, 0 },
    };
    const char *names[128];
    size_t count;
    size_t i;
    size_t j;

    (void)state;
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        count = 0;
        for (j = 0; commands[i][j] != 0; j++)
            count = collect(commands[i][j], names, count);
        for (j = 0; j < count; j++) {
            for (size_t k = 0; k < j; k++)
                assert_string_not_equal(names[j], names[k]);
        }
    }
}

static void unknown_objects_have_no_table(void **state)
{
    (void)state;
    assert_null(tpmc__option_table_of(0));
    assert_null(tpmc__option_table_of(-1));
    assert_null(tpmc__option_table_of(TPMC_OBJECT_AZURE + 1));
    assert_null(tpmc__option_table_of(INT32_MAX));
    assert_null(tpmc__option_table_of(INT32_MIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_as_promised),
        WITH_ERROR(every_option_is_well_formed),
        cmocka_unit_test(summaries_of_numbers_name_the_range),
        cmocka_unit_test(names_are_unique_in_one_command),
        cmocka_unit_test(unknown_objects_have_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
