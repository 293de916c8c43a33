/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/oauth_failure.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "codec/json.h"
#include "http/ascii.h"
#include "http/http_int.h"

/* Longer runs of the characters of a token are none of a name, a thumbprint or a UUID. */
#define HTTP_TOO_MANY 429
#define WORD_MAX 80
/* A JWT begins like this, with '{"' in base64; a short one is as secret as a long one. */
#define JWT_BEGIN "eyJ"
#define JWT_MIN 20

static const char token_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-._~";

/* What holds for every service. */
static const tpmc__oauth_rule common_rules[] = {
    { "temporarily_unavailable", NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, NULL },
    { "server_error", NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, NULL },
    { "internal_failure", NULL, TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, NULL },
    { NULL, "internal_failure", TPMC_ERR_PROTOCOL, TPMC__HTTP_RETRY, NULL },
    { "slow_down", NULL, TPMC_ERR_THROTTLED, TPMC__HTTP_THROTTLED, NULL },
};

static int is_secret(const char *word, size_t len)
{
    if (len > WORD_MAX)
        return 1;
    return len >= JWT_MIN && strncmp(word, JWT_BEGIN, strlen(JWT_BEGIN)) == 0;
}

/* Shortens the text in place. */
static void hide_secrets(char *text)
{
    const char *from = text;
    char *to = text;
    size_t len;

    while (*from != '\0') {
        len = strspn(from, token_characters);
        if (is_secret(from, len)) {
            memcpy(to, "...", 3);
            to += 3;
        } else {
            len += len == 0;
            memmove(to, from, len);
            to += len;
        }
        from += len;
    }
    *to = '\0';
}

/* A word that is cut at the end could be a secret's beginning, so the cut comes last. */
static void put(char *out, size_t capacity, const char *text)
{
    char line[4 * TPMC__OAUTH_MESSAGE_MAX];

    if (text == NULL)
        return;
    tpmc__utf8_clean(line, sizeof(line), text);
    if (strcspn(text, "\r\n") < strlen(line))
        line[strcspn(text, "\r\n")] = '\0';
    hide_secrets(line);
    tpmc__utf8_clean(out, capacity, line);
    tpmc__mem_wipe(line, sizeof(line));
}

static const char *text_of(const tpmc__json *object, const char *name)
{
    return tpmc__json_text(tpmc__json_member(object, name));
}

static void read_body(const tpmc__json *body, tpmc__oauth_report *out)
{
    const tpmc__json *error = tpmc__json_member(body, "error");

    if (tpmc__json_is_object(error)) {
        put(out->code, sizeof(out->code), text_of(error, "status"));
        put(out->message, sizeof(out->message), text_of(error, "message"));
    } else {
        put(out->code, sizeof(out->code), tpmc__json_text(error));
        put(out->message, sizeof(out->message), text_of(body, "error_description"));
    }
    put(out->request_id, sizeof(out->request_id), text_of(body, "trace_id"));
    (void)tpmc__json_integer(tpmc__json_item(tpmc__json_member(body, "error_codes"), 0),
                             &out->number);
}

int tpmc__oauth_report_read(const tpmc_http_response *response, tpmc__oauth_report *out)
{
    char excerpt[TPMC__HTTP_EXCERPT_MAX];
    tpmc__json *body = NULL;
    int status;

    memset(out, 0, sizeof(*out));
    out->http_status = tpmc_http_response_status(response);
    put(out->request_id, sizeof(out->request_id),
        tpmc_http_response_header(response, "x-ms-request-id"));
    status =
        tpmc__json_parse(tpmc_http_response_body(response), tpmc_http_response_body_len(response),
                         TPMC__HTTP_MAX_BODY, "the body", &body, NULL);
    if (status == 0) {
        read_body(body, out);
    } else {
        tpmc__http_excerpt(response, excerpt);
        put(out->message, sizeof(out->message), excerpt);
    }
    tpmc__json_free(body);
    return status == TPMC_ERR_NOMEM ? status : 0;
}

static int holds(const char *text, const char *words)
{
    size_t len = strlen(words);

    for (; strlen(text) >= len; text++) {
        if (tpmc__ascii_equal(text, words, len))
            return 1;
    }
    return 0;
}

static int has_code(const tpmc__oauth_report *report, const char *code)
{
    return strcmp(code, report->code) == 0 || strcmp(code, report->word) == 0;
}

static const tpmc__oauth_rule *find(const tpmc__oauth_report *report, const tpmc__oauth_rule *rules,
                                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].code != NULL && !has_code(report, rules[i].code))
            continue;
        if (rules[i].words == NULL || holds(report->message, rules[i].words))
            return &rules[i];
    }
    return NULL;
}

/* What the HTTP status says by itself. */
static tpmc__oauth_rule rule_of_status(int http_status)
{
    tpmc__oauth_rule rule = { .status = TPMC_ERR_DENIED };

    rule.verdict = tpmc__http_verdict(http_status);
    if (rule.verdict == TPMC__HTTP_THROTTLED)
        rule.status = TPMC_ERR_THROTTLED;
    else if (rule.verdict == TPMC__HTTP_RETRY || http_status < 400 || http_status > 499)
        rule.status = TPMC_ERR_PROTOCOL;
    return rule;
}

static int fail_with(const tpmc__oauth_report *report, const tpmc__oauth_rule *rule,
                     const char *service, tpmc_error *err)
{
    const char *hint = rule->hint != NULL ? rule->hint : "";
    const char *before_message = report->message[0] != '\0' ? ": " : "";
    const char *before_hint = rule->hint != NULL ? "; " : "";
    int len = (int)strlen(report->message);

    while (len > 0 && (report->message[len - 1] == '.' || report->message[len - 1] == ' '))
        len--;
    if (report->code[0] == '\0')
        return tpmc__fail(err, rule->status, "%s answered with HTTP status %d%s%.*s%s%s", service,
                          report->http_status, before_message, len, report->message, before_hint,
                          hint);
    return tpmc__fail(err, rule->status, "%s answered %s (%s%sHTTP status %d)%s%.*s%s%s", service,
                      report->code, report->word, report->word[0] != '\0' ? ", " : "",
                      report->http_status, before_message, len, report->message, before_hint, hint);
}

int tpmc__oauth_report_fail(const tpmc__oauth_report *report, const tpmc__oauth_service *service,
                            int *verdict, tpmc_error *err)
{
    const tpmc__oauth_rule by_status = rule_of_status(report->http_status);
    const tpmc__oauth_rule *rule = NULL;
    int status;

    if (by_status.verdict != TPMC__HTTP_THROTTLED)
        rule = find(report, service->rules, service->rule_count);
    if (by_status.verdict != TPMC__HTTP_THROTTLED && rule == NULL)
        rule = find(report, common_rules, sizeof(common_rules) / sizeof(common_rules[0]));
    /* Being sent away says more than the word that goes with it. */
    if (rule == NULL || report->http_status == HTTP_TOO_MANY)
        rule = &by_status;
    *verdict = rule->verdict;
    status = fail_with(report, rule, service->name, err);
    tpmc__error_set_http_status(err, report->http_status);
    tpmc__error_set_provider(err, report->code, report->request_id);
    return status;
}

int tpmc__oauth_failure(const tpmc_http_response *response, const tpmc__oauth_service *service,
                        int *verdict, tpmc_error *err)
{
    tpmc__oauth_report report;

    if (tpmc__oauth_report_read(response, &report) != 0)
        return tpmc__fail_nomem(err);
    return tpmc__oauth_report_fail(&report, service, verdict, err);
}
