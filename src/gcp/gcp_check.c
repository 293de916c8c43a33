/* SPDX-License-Identifier: Apache-2.0 */
#include "gcp/gcp_check.h"

#include "base/error_int.h"
#include "gcp/scope_text.h"
#include "proto/oidc_documents.h"
#include "proto/service_url.h"

/* Sets of kinds. */
#define JWT (1U << TPMC__GCP_KIND_JWT)
#define ACCESS (1U << TPMC__GCP_KIND_ACCESS)
#define ID (1U << TPMC__GCP_KIND_ID)
#define FEDERATED (1U << TPMC__GCP_KIND_FEDERATED)
#define GDCH (1U << TPMC__GCP_KIND_GDCH)
#define ACCOUNT (JWT | ACCESS | ID)

/* Which kinds an option belongs to, and which of them cannot do without. */
static const struct use_row {
    size_t option;
    unsigned kinds;
    unsigned needed_by;
    const char *meaning; /* of a needed one */
} use_rows[] = {
    { TPMC__GCP_EMAIL, ACCOUNT, ACCOUNT, "the service account's e-mail address" },
    { TPMC__GCP_SCOPES, JWT | ACCESS | FEDERATED, 0, NULL },
    { TPMC__GCP_KEYID, ACCOUNT | GDCH, 0, NULL },
    { TPMC__GCP_AUDIENCE, JWT | ID | FEDERATED | GDCH, ID | GDCH,
      "the service that the token is for" },
    { TPMC__GCP_SUBJECT, ACCESS, 0, NULL },
    { TPMC__GCP_SERVICE_ACCOUNT_FILE, ACCOUNT | GDCH, 0, NULL },
    { TPMC__GCP_TOKEN_URI, ACCESS | ID | GDCH, GDCH, "the URL of the token endpoint" },
    { TPMC__GCP_UNIVERSE_DOMAIN, ACCOUNT | FEDERATED, 0, NULL },
    { TPMC__GCP_IMPERSONATE, ACCOUNT | FEDERATED, 0, NULL },
    { TPMC__GCP_DELEGATE, ACCOUNT | FEDERATED, 0, NULL },
    { TPMC__GCP_LIFETIME, JWT | ACCESS | FEDERATED, 0, NULL },
    { TPMC__GCP_POOL_AUDIENCE, FEDERATED, FEDERATED, "the full name of the pool's provider" },
    { TPMC__GCP_ISSUER, FEDERATED, FEDERATED, "the URL of the OpenID Connect issuer" },
    { TPMC__GCP_FEDERATION_SUBJECT, FEDERATED, FEDERATED, "the subject of the key's own tokens" },
    { TPMC__GCP_STS_ENDPOINT, FEDERATED, 0, NULL },
    { TPMC__GCP_IAM_ENDPOINT, ACCOUNT | FEDERATED, 0, NULL },
    { TPMC__GCP_GDCH_PROJECT, GDCH, GDCH, "the service account's project" },
    { TPMC__GCP_GDCH_NAME, GDCH, GDCH, "the service account's name" },
};

static const char *name_of(size_t option)
{
    return tpmc__option_table_of(TPMC_OBJECT_GCP)->options[option].name;
}

static const char *kind_name(const tpmc__gcp_settings *settings)
{
    const tpmc__option_table *table = tpmc__option_table_of(TPMC_OBJECT_GCP);

    return table->options[TPMC__GCP_KIND].choices[tpmc__gcp_kind(settings)];
}

static int fail_missing(const struct use_row *row, tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "option '%s' is missing: %s", name_of(row->option),
                      row->meaning);
}

static int check_use(const tpmc__gcp_settings *settings, const struct use_row *row, tpmc_error *err)
{
    unsigned kind = 1U << tpmc__gcp_kind(settings);

    if (tpmc__options_is_set(settings->options, row->option) && (row->kinds & kind) == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option '%s' has no effect on tokens of kind '%s'", name_of(row->option),
                          kind_name(settings));
    if ((row->needed_by & kind) != 0 && tpmc__gcp_text(settings, row->option) == NULL)
        return fail_missing(row, err);
    return 0;
}

static int is_set(const tpmc__gcp_settings *settings, size_t option)
{
    return tpmc__options_is_set(settings->options, option);
}

static int check_impersonation(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    static const size_t companions[] = { TPMC__GCP_DELEGATE, TPMC__GCP_LIFETIME,
                                         TPMC__GCP_IAM_ENDPOINT };

    if (tpmc__gcp_iam_account(settings) == NULL) {
        for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
            if (is_set(settings, companions[i]))
                return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                                  "option '%s' has no effect without option 'impersonate'",
                                  name_of(companions[i]));
        }
        return 0;
    }
    if (is_set(settings, TPMC__GCP_SUBJECT))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'subject' and 'impersonate' exclude each other: only the "
                          "account whose key this is can act as a user");
    if (tpmc__gcp_kind(settings) == TPMC__GCP_KIND_JWT && is_set(settings, TPMC__GCP_AUDIENCE))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'audience' and 'impersonate' exclude each other, since an "
                          "impersonated access token has scopes; for an ID token set option 'kind' "
                          "to 'id'");
    return 0;
}

/* AIP-4111 has one of them, and other universes have no token endpoint. */
static int check_target(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    int kind = tpmc__gcp_kind(settings);

    if (kind == TPMC__GCP_KIND_JWT && is_set(settings, TPMC__GCP_AUDIENCE) &&
        is_set(settings, TPMC__GCP_SCOPES))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "options 'scopes' and 'audience' exclude each other: Google takes a "
                          "token with either of them, not with both");
    if (kind == TPMC__GCP_KIND_ACCESS && !tpmc__gcp_is_default_universe(settings))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "the universe '%s' has no token endpoint: leave out option 'kind', for a "
                          "token that the key signs by itself",
                          tpmc__gcp_universe(settings));
    return 0;
}

static int check_urls(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    static const size_t urls[] = { TPMC__GCP_TOKEN_URI, TPMC__GCP_STS_ENDPOINT,
                                   TPMC__GCP_IAM_ENDPOINT };
    int status = 0;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]) && status == 0; i++) {
        const char *url = tpmc__gcp_text(settings, urls[i]);

        if (url != NULL)
            status = tpmc__service_url_check(url, name_of(urls[i]), err);
    }
    return status;
}

static int check_scopes(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    tpmc__buf scopes;
    int status;

    tpmc__buf_init(&scopes, TPMC__GCP_SCOPES_MAX);
    status = tpmc__gcp_join_scopes(settings, &scopes, err);
    tpmc__buf_free(&scopes);
    return status;
}

int tpmc__gcp_check_issuer(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    const char *issuer = tpmc__gcp_text(settings, TPMC__GCP_ISSUER);

    if (issuer == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "option 'issuer' is missing: the URL of the OpenID Connect issuer");
    return tpmc__oidc_check_issuer(issuer, "issuer", err);
}

int tpmc__gcp_check(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    int status = 0;

    for (size_t i = 0; i < sizeof(use_rows) / sizeof(use_rows[0]) && status == 0; i++)
        status = check_use(settings, &use_rows[i], err);
    if (status == 0)
        status = check_target(settings, err);
    if (status == 0)
        status = check_impersonation(settings, err);
    if (status == 0)
        status = check_urls(settings, err);
    if (status == 0)
        status = check_scopes(settings, err);
    if (status == 0 && tpmc__gcp_kind(settings) == TPMC__GCP_KIND_FEDERATED)
        status = tpmc__gcp_check_issuer(settings, err);
    return status;
}

int tpmc__gcp_check_subject_token(const tpmc__gcp_settings *settings, tpmc_error *err)
{
    static const size_t needed[] = { TPMC__GCP_POOL_AUDIENCE, TPMC__GCP_FEDERATION_SUBJECT };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (tpmc__gcp_text(settings, needed[i]) != NULL)
            continue;
        for (size_t row = 0; row < sizeof(use_rows) / sizeof(use_rows[0]); row++) {
            if (use_rows[row].option == needed[i])
                return fail_missing(&use_rows[row], err);
        }
    }
    return tpmc__gcp_check_issuer(settings, err);
}
