/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_reply.h"

#include <string.h>

#include "base/error_int.h"
#include "codec/text.h"
#include "codec/time_text.h"
#include "proto/aws_document.h"

#define MS_PER_SECOND 1000

/* Where the parts of the answer stand. */
typedef struct finds {
    tpmc__aws_place credentials;
    tpmc__aws_place user;
    const char *role_arn; /* or NULL */
} finds;

/* Roles Anywhere answers with a list of credentials, which has one entry. */
static int enter_credential_set(tpmc__aws_place *place, tpmc_error *err)
{
    tpmc__aws_place set;

    tpmc__aws_place_find(place, "credentialSet", &set);
    if (set.json == NULL)
        return 0;
    if (!tpmc__json_is_array(set.json) || tpmc__json_count(set.json) == 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the answer has an empty list of credentials");
    place->json = tpmc__json_item(set.json, 0);
    return 0;
}

static int find_parts(const tpmc__aws_document *document, finds *out, tpmc_error *err)
{
    tpmc__aws_place place;
    int status = 0;

    tpmc__aws_document_root(document, &place);
    status = enter_credential_set(&place, err);
    if (status != 0)
        return status;
    tpmc__aws_place_find(&place, "Credentials", &out->credentials);
    if (!tpmc__aws_place_exists(&out->credentials))
        return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the answer has no credentials");
    tpmc__aws_place_find(&place, "AssumedRoleUser", &out->user);
    if (!tpmc__aws_place_exists(&out->user))
        tpmc__aws_place_find(&place, "FederatedUser", &out->user);
    out->role_arn = tpmc__aws_place_text(&place, "RoleArn");
    return 0;
}

/* Seconds since 1970, as a number of any form that JSON has. */
static int read_seconds(double seconds, int64_t *ms)
{
    if (!(seconds > 0 && seconds * MS_PER_SECOND <= (double)TPMC__TIME_MAX_MS))
        return TPMC_ERR_FORMAT;
    *ms = (int64_t)(seconds * MS_PER_SECOND);
    return 0;
}

static int is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789+-.eE") == strlen(text);
}

/* A number that stands in a text: by the grammar of JSON, whatever the locale. */
static int read_number_text(const char *text, int64_t *ms)
{
    tpmc__json *number = NULL;
    double seconds = 0;
    int status =
        tpmc__json_parse(text, strlen(text), strlen(text), "the expiration", &number, NULL);

    if (status != 0)
        return status;
    status = tpmc__json_number(number, &seconds);
    tpmc__json_free(number);
    return status != 0 ? status : read_seconds(seconds, ms);
}

static int read_expiration(const tpmc__aws_place *credentials, int64_t *ms)
{
    const char *text = tpmc__aws_place_text(credentials, "Expiration");
    tpmc__aws_place place;
    double seconds = 0;

    if (text != NULL)
        return is_number(text) ? read_number_text(text, ms)
                               : tpmc__time_parse(text, strlen(text), ms);
    tpmc__aws_place_find(credentials, "Expiration", &place);
    if (tpmc__json_number(place.json, &seconds) != 0)
        return TPMC_ERR_FORMAT;
    return read_seconds(seconds, ms);
}

static int demand_text(const tpmc__aws_place *place, const char *name, const char **out,
                       tpmc_error *err)
{
    *out = tpmc__aws_place_text(place, name);
    if (*out != NULL)
        return 0;
    return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                      "the credentials of the answer have no %s, or an empty one", name);
}

static int make_credentials(const finds *found, tpmc_aws_credentials **out, tpmc_error *err)
{
    tpmc__aws_credentials_parts parts = { 0 };
    int status = demand_text(&found->credentials, "AccessKeyId", &parts.access_key_id, err);

    if (status == 0)
        status = demand_text(&found->credentials, "SecretAccessKey", &parts.secret_access_key, err);
    if (status == 0)
        status = demand_text(&found->credentials, "SessionToken", &parts.session_token, err);
    if (status != 0)
        return status;
    status = read_expiration(&found->credentials, &parts.expires_at_ms);
    if (status == TPMC_ERR_NOMEM)
        return tpmc__fail_nomem(err);
    if (status != 0 || parts.expires_at_ms <= 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "the credentials of the answer have no Expiration that is a time");
    parts.assumed_role_arn = tpmc__aws_place_text(&found->user, "Arn");
    parts.user_id = tpmc__aws_place_text(&found->user, "AssumedRoleId");
    if (parts.user_id == NULL)
        parts.user_id = tpmc__aws_place_text(&found->user, "FederatedUserId");
    return tpmc__aws_credentials_new(&parts, out, err);
}

/* Roles Anywhere says which role they are for, both say whose session it is, and servers that only
 * resemble STS say neither. */
static int check_role(const finds *found, const tpmc__aws_arn *role, tpmc_error *err)
{
    const char *session = tpmc__aws_place_text(&found->user, "Arn");

    if (found->role_arn != NULL && strcmp(found->role_arn, role->text) != 0)
        return tpmc__fail(err, TPMC_ERR_PROTOCOL,
                          "the answer is for another role than the one asked for, %s", role->name);
    return session == NULL ? 0 : tpmc__aws_arn_check_assumed(role, session, err);
}

static int read_body(const tpmc_http_response *response, const tpmc__aws_arn *role,
                     tpmc_aws_credentials **out, tpmc_error *err)
{
    tpmc__aws_document document;
    finds found;
    int status = tpmc__aws_document_read(
        tpmc_http_response_body(response), tpmc_http_response_body_len(response),
        tpmc_http_response_header(response, "content-type"), &document, err);

    if (status == 0)
        status = find_parts(&document, &found, err);
    if (status == 0 && role != NULL)
        status = check_role(&found, role, err);
    if (status == 0)
        status = make_credentials(&found, out, err);
    tpmc__aws_document_free(&document);
    return status;
}

int tpmc__aws_reply_read(const tpmc_http_response *response, const char *service,
                         const tpmc__aws_arn *role, tpmc_aws_credentials **out, int *remedy,
                         tpmc_error *err)
{
    int http_status = tpmc_http_response_status(response);
    int status = 0;

    *out = NULL;
    *remedy = TPMC__AWS_GIVE_UP;
    if (http_status < 200 || http_status > 299)
        return tpmc__aws_failure(response, service, remedy, err);
    status = read_body(response, role, out, err);
    if (status != TPMC_ERR_PROTOCOL)
        return status;
    tpmc__error_prefix(err, "%s sent an unusable answer", service);
    tpmc__error_set_http_status(err, http_status);
    tpmc__error_set_provider(err, "", tpmc_http_response_header(response, "x-amzn-requestid"));
    return status;
}
