/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/entra_failure.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "base/utf8.h"
#include "codec/json.h"
#include "http/ascii.h"
#include "http/http_int.h"
#include "http/reply.h"

#define CODE_MAX 128
#define MESSAGE_MAX 480

static const char number_prefix[] = "AADSTS";
#define NUMBER_PREFIX_LEN (sizeof(number_prefix) - 1)

typedef struct code_row {
    const char *code;
    int status;
    int verdict;
    const char *hint; /* or NULL */
} code_row;

#define DENIED TPMC_ERR_DENIED, TPMC__HTTP_FAIL
#define CLOCK TPMC_ERR_CLOCK, TPMC__HTTP_SKEW
#define AGAIN TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY

static const char look_at_scope[] =
    "look at the scope: it is a resource followed by /.default, and of the same cloud as "
    "option 'authority_host'";

/* The numbers stand before the words of RFC 6749, of which a number is the reason. */
static const code_row code_rows[] = {
    { "AADSTS1000502", CLOCK,
      "the certificate is not yet or no longer valid: renew it, or the clock of this machine is "
      "wrong" },
    { "AADSTS1002012", DENIED, look_at_scope },
    { "AADSTS28000", DENIED, "the scopes are of two resources: ask for each by itself" },
    { "AADSTS50013", DENIED,
      "the user's token is not for this application, too old, or of another tenant" },
    { "AADSTS500011", DENIED,
      "the resource is not known in this tenant: look at the scope, and for a national cloud at "
      "option 'authority_host' too" },
    { "AADSTS500131", DENIED, "the user's token is not for this application" },
    { "AADSTS500133", DENIED, "the user's token is too old: get a new one from the user" },
    { "AADSTS50027", DENIED, "the assertion is malformed for this server" },
    { "AADSTS5002723", DENIED, "the assertion is malformed for this server" },
    { "AADSTS5002730", DENIED,
      "the server does not take this signature: set option 'algorithm' to RS256" },
    { "AADSTS5002738", DENIED,
      "the server does not take this signature: set option 'algorithm' to RS256" },
    { "AADSTS50076", DENIED, "the user must sign in again, with a second factor" },
    { "AADSTS50196", TPMC_ERR_THROTTLED, TPMC__HTTP_FAIL,
      "the same request was sent too often: wait, and keep tokens instead of asking anew" },
    { "AADSTS53003", DENIED, "a conditional access policy of the tenant forbids it" },
    { "AADSTS65001", DENIED, "consent is missing: an administrator must grant the permissions" },
    { "AADSTS700016", DENIED,
      "the application is not known in this tenant: look at options 'client_id' and 'tenant_id'" },
    { "AADSTS700021", DENIED,
      "no federated credential of the application fits: compare issuer, subject and audience "
      "letter for letter" },
    { "AADSTS700211", DENIED,
      "no federated credential of the application has this issuer: compare option "
      "'federation_issuer' letter for letter" },
    { "AADSTS700212", DENIED,
      "no federated credential of the application has this audience: compare "
      "option 'federation_audience' letter for letter" },
    { "AADSTS700213", DENIED,
      "no federated credential of the application has this subject: compare "
      "option 'federation_subject' letter for letter" },
    { "AADSTS7002381", DENIED, "no federated credential of the application fits" },
    { "AADSTS700023", DENIED,
      "the audience of the assertion is not this endpoint: look at options 'authority_host' "
      "and 'token_url'" },
    { "AADSTS700024", CLOCK, "the clock of this machine is wrong: set it" },
    { "AADSTS700027", DENIED,
      "register the certificate for the application, or for trust by subject name and issuer set "
      "option 'send_certificate_chain'" },
    { "AADSTS70011", DENIED, look_at_scope },
    { "AADSTS7000215", DENIED, "the credential of the application is not valid" },
    { "AADSTS7000222", DENIED,
      "the credential of the application has expired: register a new one" },
    { "AADSTS90002", DENIED,
      "the tenant is not known: look at option 'tenant_id', and for a national cloud at "
      "option 'authority_host'" },
    { "AADSTS90033", AGAIN, NULL },
    { "AADSTS900023", DENIED, "the tenant is not known: look at option 'tenant_id'" },
    { "AADSTS900382", DENIED, "tenant and option 'authority_host' are of different clouds" },
    { "temporarily_unavailable", AGAIN, NULL },
    { "server_error", AGAIN, NULL },
    { "invalid_scope", DENIED, look_at_scope },
    { "invalid_resource", DENIED, look_at_scope },
};

/* AADSTS50012 and what AD FS answers are about a wrong clock only by their words, which a user's
 * token that is too old has as well: so they count only where no row has the number. */
static const char *const clock_texts[] = {
    "not within its valid time range",
    "assertion is expired",
};

static const code_row clock_row = { NULL, CLOCK, "the clock of this machine is wrong: set it" };
static const code_row throttled_row = { NULL, TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED, NULL };
static const code_row server_row = { NULL, AGAIN, NULL };
static const code_row odd_row = { NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_FAIL,
                                  "look at option 'authority_host' and for a proxy in between" };
static const code_row denied_row = { NULL, DENIED, NULL };

/* What an answer says of a failure, clean for display; what is missing is empty. */
typedef struct report {
    int http_status;
    char number[CODE_MAX]; /* AADSTS and its digits */
    char word[CODE_MAX];   /* `error` */
    char message[MESSAGE_MAX];
    char id[CODE_MAX];
} report;

static void set_number(report *out, const tpmc__json *json, const char *description)
{
    const tpmc__json *codes = tpmc__json_member(json, "error_codes");
    size_t len = NUMBER_PREFIX_LEN;
    int64_t number = 0;

    if (description != NULL && strncmp(description, number_prefix, NUMBER_PREFIX_LEN) == 0) {
        while (len < CODE_MAX - 1 && tpmc__ascii_is_digit((unsigned char)description[len]))
            len++;
        memcpy(out->number, description, len);
    } else if (tpmc__json_integer(tpmc__json_item(codes, 0), &number) == 0) {
        (void)snprintf(out->number, sizeof(out->number), "%s%lld", number_prefix,
                       (long long)number);
    }
}

/* Cuts a clean text at what begins like a JWT, which may be a secret. */
static void cut_secret(char *text)
{
    char *at = strstr(text, "eyJ");

    if (at != NULL)
        *at = '\0';
}

/* Without the number before it and the ids behind it, which stand elsewhere. */
static void set_message(report *out, const char *text)
{
    char *ids;

    if (out->number[0] != '\0' && strncmp(text, out->number, strlen(out->number)) == 0) {
        text += strlen(out->number);
        text += strspn(text, ": ");
    }
    tpmc__utf8_clean(out->message, sizeof(out->message), text);
    ids = strstr(out->message, "Trace ID:");
    if (ids != NULL)
        *ids = '\0';
    cut_secret(out->message);
}

static void set_id(report *out, const tpmc__json *json, const tpmc_http_response *response)
{
    const char *text = tpmc__json_text(tpmc__json_member(json, "trace_id"));

    if (text == NULL)
        text = tpmc_http_response_header(response, "x-ms-request-id");
    if (text != NULL)
        tpmc__utf8_clean(out->id, sizeof(out->id), text);
}

/* A body that is no JSON leaves what the status and header fields say. */
static int read_report(const tpmc_http_response *response, report *out)
{
    tpmc__json *json = NULL;
    const char *description;
    const char *word;
    int status;

    memset(out, 0, sizeof(*out));
    out->http_status = tpmc_http_response_status(response);
    status =
        tpmc__json_parse(tpmc_http_response_body(response), tpmc_http_response_body_len(response),
                         TPMC__HTTP_MAX_BODY, "the answer", &json, NULL);
    description = tpmc__json_text(tpmc__json_member(json, "error_description"));
    word = tpmc__json_text(tpmc__json_member(json, "error"));
    set_number(out, json, description);
    if (word != NULL)
        tpmc__utf8_clean(out->word, sizeof(out->word), word);
    if (description != NULL)
        set_message(out, description);
    set_id(out, json, response);
    tpmc__json_free(json);
    return status == TPMC_ERR_NOMEM ? status : 0;
}

static const code_row *find_row(const char *code)
{
    for (size_t i = 0; code[0] != '\0' && i < sizeof(code_rows) / sizeof(code_rows[0]); i++) {
        if (strcmp(code, code_rows[i].code) == 0)
            return &code_rows[i];
    }
    return NULL;
}

static int speaks_of_clock(const char *message)
{
    for (size_t i = 0; i < sizeof(clock_texts) / sizeof(clock_texts[0]); i++) {
        if (strstr(message, clock_texts[i]) != NULL)
            return 1;
    }
    return 0;
}

static const code_row *row_of(const report *r)
{
    const code_row *row = find_row(r->number);

    if (r->http_status == 429)
        return &throttled_row;
    if (row == NULL && speaks_of_clock(r->message))
        return &clock_row;
    if (row == NULL)
        row = find_row(r->word);
    if (row != NULL)
        return row;
    if (tpmc__http_verdict(r->http_status) == TPMC__HTTP_RETRY || r->http_status >= 500)
        return &server_row;
    return r->word[0] == '\0' && r->number[0] == '\0' ? &odd_row : &denied_row;
}

static int fail_with(const report *r, const code_row *row, const char *excerpt, tpmc_error *err)
{
    const char *code = r->number[0] != '\0' ? r->number : r->word;
    const char *hint = row->hint != NULL ? row->hint : "";
    const char *message = r->message[0] != '\0' ? r->message : excerpt;
    size_t len = strlen(message);
    int has_both = r->number[0] != '\0' && r->word[0] != '\0';

    /* A line end has become '?'. */
    while (len > 0 && strchr(". ?", message[len - 1]) != NULL)
        len--;
    if (code[0] == '\0')
        return tpmc__fail(err, row->status, "Entra answered with HTTP status %d%s%.*s%s%s",
                          r->http_status, len > 0 ? ": " : "", (int)len, message,
                          row->hint != NULL ? "; " : "", hint);
    return tpmc__fail(err, row->status, "Entra answered %s (%s%sHTTP status %d)%s%.*s%s%s", code,
                      has_both ? r->word : "", has_both ? ", " : "", r->http_status,
                      len > 0 ? ": " : "", (int)len, message, row->hint != NULL ? "; " : "", hint);
}

int tpmc__entra_failure(const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    char excerpt[TPMC__HTTP_EXCERPT_MAX] = "";
    const code_row *row;
    report r;
    int status;

    status = read_report(response, &r);
    if (status != 0)
        return tpmc__fail_nomem(err);
    row = row_of(&r);
    if (r.number[0] == '\0' && r.word[0] == '\0')
        tpmc__http_excerpt(response, excerpt);
    cut_secret(excerpt);
    *verdict = row->verdict;
    status = fail_with(&r, row, excerpt, err);
    tpmc__error_set_provider(err, r.number[0] != '\0' ? r.number : r.word, r.id);
    return status;
}
