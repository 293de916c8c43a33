/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_failure.h"

#include <string.h>

#include "base/error_int.h"
#include "base/utf8.h"
#include "codec/text.h"
#include "proto/aws_document.h"

#define CODE_MAX 128
#define MESSAGE_MAX 320
#define MAX_WAIT_MS (INT64_C(3600) * 1000)

typedef struct code_row {
    const char *code;
    int status;
    int remedy;
    const char *hint; /* or NULL */
} code_row;

/* The texts of a wrong clock stand under codes that mean other things as well. */
static const char *const clock_texts[] = {
    "Signature expired",
    "Signature not yet current",
    "is now earlier than",
    "is still later than",
};

#define THROTTLED TPMC_ERR_THROTTLED, TPMC__AWS_TRY_AGAIN, NULL

/* Codes with the part after their last "Exception" cut off. */
static const code_row code_rows[] = {
    { "AccessDenied", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the role's trust policy must allow it: look at its principals and conditions, the external "
      "id, MFA, the certificate's chain and attributes, and the session policy" },
    { "BandwidthLimitExceeded", THROTTLED },
    { "EC2Throttled", THROTTLED },
    { "ExpiredToken", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the session token of the credentials is too old: get new ones" },
    { "IDPCommunicationError", TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL },
    { "IncompleteSignature", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "a proxy may have removed or rewritten headers of the request" },
    { "InternalError", TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL },
    { "InternalFailure", TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL },
    { "InvalidClientTokenId", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the access key id is wrong or inactive, belongs to another partition of AWS, or is one of "
      "temporary credentials, which needs its session token" },
    { "LimitExceeded", THROTTLED },
    { "MissingAuthenticationToken", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "a proxy may have removed the header Authorization" },
    { "OptInRequired", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the account must enable the service or the region first" },
    { "PriorRequestNotComplete", THROTTLED },
    { "ProvisionedThroughputExceeded", THROTTLED },
    { "RegionDisabled", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "STS is not active in this region: an administrator of the account can activate it" },
    { "RequestExpired", TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK,
      "the clock of this machine is wrong: set it" },
    { "RequestLimitExceeded", THROTTLED },
    { "RequestThrottled", THROTTLED },
    { "RequestTimeTooSkewed", TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK,
      "the clock of this machine is wrong: set it" },
    { "RequestTimeout", TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL },
    { "ResourceNotFound", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the trust anchor or the profile does not exist in this account and region, or is disabled" },
    { "ServiceUnavailable", TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL },
    { "SignatureDoesNotMatch", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
      "the key in the TPM is not the one of this access key id or was made without the prefix "
      "'AWS4', the region is wrong, or a proxy rewrote headers" },
    { "SlowDown", THROTTLED },
    { "Throttled", THROTTLED },
    { "Throttling", THROTTLED },
    { "TooManyRequests", THROTTLED },
    { "TransactionInProgress", THROTTLED },
    { "ValidationError", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "look at the ARNs and the duration" },
    { "Validation", TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, "look at the ARNs and the duration" },
};

static const code_row clock_row = { NULL, TPMC_ERR_CLOCK, TPMC__AWS_CORRECT_CLOCK,
                                    "the clock of this machine is wrong: set it" };
static const code_row throttled_row = { NULL, THROTTLED };
static const code_row server_row = { NULL, TPMC_ERR_PROTOCOL, TPMC__AWS_TRY_AGAIN, NULL };
static const code_row redirection_row = { NULL, TPMC_ERR_PROTOCOL, TPMC__AWS_GIVE_UP,
                                          "redirections are not followed: look at the endpoint "
                                          "and for a proxy in between" };
static const code_row proxy_row = { NULL, TPMC_ERR_PROTOCOL, TPMC__AWS_GIVE_UP,
                                    "a proxy in between wants a name and password" };
static const code_row denied_row = { NULL, TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP, NULL };

/* What an answer says of a failure, clean for display; what is missing is empty. */
typedef struct report {
    int http_status;
    char code[CODE_MAX];
    char message[MESSAGE_MAX];
    char request_id[CODE_MAX];
} report;

/* "prefix#Code:http://..." is what some services send. */
static void set_code(report *out, const char *text)
{
    const char *hash = strchr(text, '#');
    size_t len = 0;

    if (hash != NULL && (size_t)(hash - text) < strcspn(text, ":"))
        text = hash + 1;
    tpmc__utf8_clean(out->code, sizeof(out->code), text);
    len = strcspn(out->code, ":");
    out->code[len] = '\0';
    hash = strchr(out->code, '#');
    if (hash != NULL)
        memmove(out->code, hash + 1, strlen(hash));
}

/* What begins to repeat the request, which holds secrets. */
static const char *const echoes[] = {
    "the canonical string", "-security-token", "authorization=", "authorization:", "aws4-",
    "credential=",          "signature=",
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where a word in small letters begins, whatever the case of the text; its length without one. */
static size_t find_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    size_t pos;
    size_t i;

    for (pos = 0; text[pos] != '\0'; pos++) {
        for (i = 0; i < len && lower(text[pos + i]) == word[i]; i++)
            ;
        if (i == len)
            return pos;
    }
    return pos;
}

/* Some services explain a wrong signature by the request as they saw it, with its session token, on
 * further lines. */
static void set_message(report *out, const char *text)
{
    size_t len;

    tpmc__utf8_clean(out->message, sizeof(out->message), text);
    if (strcspn(text, "\r\n") < strlen(out->message))
        out->message[strcspn(text, "\r\n")] = '\0';
    for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
        len = find_word(out->message, echoes[i]);
        out->message[len] = '\0';
    }
}

static const char *first_text(const tpmc__aws_place *place, const char *const *names)
{
    const char *text = NULL;

    for (; *names != NULL && text == NULL; names++)
        text = tpmc__aws_place_text(place, *names);
    return text;
}

static void read_document(const tpmc__aws_document *document, report *out)
{
    static const char *const code_names[] = { "Code", "__type", NULL };
    static const char *const message_names[] = { "Message", NULL };
    static const char *const id_names[] = { "RequestId", "RequestID", NULL };
    tpmc__aws_place root;
    tpmc__aws_place error;
    const char *text = NULL;

    tpmc__aws_document_root(document, &root);
    tpmc__aws_place_find(&root, "Error", &error);
    if (!tpmc__aws_place_exists(&error))
        error = root;
    text = first_text(&error, code_names);
    if (out->code[0] == '\0' && text != NULL)
        set_code(out, text);
    text = first_text(&error, message_names);
    if (text != NULL)
        set_message(out, text);
    text = first_text(&root, id_names);
    if (out->request_id[0] == '\0' && text != NULL)
        tpmc__utf8_clean(out->request_id, sizeof(out->request_id), text);
}

/* A body that cannot be read leaves what the headers say. */
static int read_report(const tpmc_http_response *response, report *out)
{
    const char *type = tpmc_http_response_header(response, "x-amzn-errortype");
    const char *id = tpmc_http_response_header(response, "x-amzn-requestid");
    tpmc__aws_document document;
    int status = 0;

    memset(out, 0, sizeof(*out));
    out->http_status = tpmc_http_response_status(response);
    if (type != NULL)
        set_code(out, type);
    if (id != NULL)
        tpmc__utf8_clean(out->request_id, sizeof(out->request_id), id);
    status = tpmc__aws_document_read(tpmc_http_response_body(response),
                                     tpmc_http_response_body_len(response), NULL, &document, NULL);
    if (status == 0)
        read_document(&document, out);
    tpmc__aws_document_free(&document);
    return status == TPMC_ERR_NOMEM ? status : 0;
}

static int speaks_of_clock(const char *message)
{
    for (size_t i = 0; i < sizeof(clock_texts) / sizeof(clock_texts[0]); i++) {
        if (strstr(message, clock_texts[i]) != NULL)
            return 1;
    }
    return 0;
}

/* Services write a code with and without "Exception" at its end. */
static int is_code(const char *code, const char *row)
{
    size_t len = strlen(row);

    return strncmp(code, row, len) == 0 &&
           (code[len] == '\0' || strcmp(code + len, "Exception") == 0);
}

/* What is wrong is said in the message alone. */
static const struct {
    const char *word; /* in small letters */
    code_row row;
} text_rows[] = {
    { "rolesessionname",
      { NULL, TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
        "the profile does not accept a name of the session: leave option 'session_name' unset, or "
        "turn on acceptRoleSessionName in the profile" } },
    { "untrusted",
      { NULL, TPMC_ERR_DENIED, TPMC__AWS_GIVE_UP,
        "the certificate was not issued under the trust anchor, intermediate certificates are "
        "missing (option 'certificate_chain_file'), or it is no longer valid" } },
};

static const code_row *row_of(const report *r)
{
    if (speaks_of_clock(r->message))
        return &clock_row;
    for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
        if (is_code(r->code, "AccessDenied") &&
            r->message[find_word(r->message, text_rows[i].word)] != '\0')
            return &text_rows[i].row;
    }
    for (size_t i = 0; i < sizeof(code_rows) / sizeof(code_rows[0]); i++) {
        if (is_code(r->code, code_rows[i].code))
            return &code_rows[i];
    }
    if (r->http_status == 429)
        return &throttled_row;
    if (r->http_status >= 500 || r->http_status == 408)
        return &server_row;
    if (r->http_status == 407)
        return &proxy_row;
    return r->http_status < 400 ? &redirection_row : &denied_row;
}

/* A number of milliseconds from a header that counts in `unit_ms`; -1 when there is none. */
static int64_t wait_of(const tpmc_http_response *response, const char *name, int64_t unit_ms)
{
    const char *text = tpmc_http_response_header(response, name);
    int64_t value = 0;

    if (text == NULL || tpmc__decimal_parse(text, strlen(text), &value) != 0 || value < 0)
        return -1;
    return value < MAX_WAIT_MS / unit_ms ? value * unit_ms : MAX_WAIT_MS;
}

static void set_wait(const tpmc_http_response *response, tpmc_error *err)
{
    int64_t ms = wait_of(response, "x-amz-retry-after", 1);

    if (ms < 0)
        ms = wait_of(response, "retry-after", 1000);
    if (ms >= 0)
        tpmc__error_set_retry_after_ms(err, ms);
}

/* "STS answered AccessDenied (HTTP 403): message; hint". */
static int fail_with(const report *r, const code_row *row, const char *service, tpmc_error *err)
{
    const char *hint = row->hint != NULL ? row->hint : "";
    const char *before_message = r->message[0] != '\0' ? ": " : "";
    const char *before_hint = row->hint != NULL ? "; " : "";
    size_t len = strlen(r->message);

    while (len > 0 && (r->message[len - 1] == '.' || r->message[len - 1] == ' '))
        len--;
    if (r->code[0] == '\0')
        return tpmc__fail(err, row->status, "%s answered with HTTP status %d%s%.*s%s%s", service,
                          r->http_status, before_message, (int)len, r->message, before_hint, hint);
    return tpmc__fail(err, row->status, "%s answered %s (HTTP status %d)%s%.*s%s%s", service,
                      r->code, r->http_status, before_message, (int)len, r->message, before_hint,
                      hint);
}

int tpmc__aws_failure(const tpmc_http_response *response, const char *service, int *remedy,
                      tpmc_error *err)
{
    const code_row *row = NULL;
    report r;
    int status = read_report(response, &r);

    *remedy = TPMC__AWS_GIVE_UP;
    if (status != 0)
        return tpmc__fail_nomem(err);
    row = row_of(&r);
    *remedy = row->remedy;
    status = fail_with(&r, row, service, err);
    tpmc__error_set_http_status(err, r.http_status);
    tpmc__error_set_provider(err, r.code, r.request_id);
    set_wait(response, err);
    return status;
}
