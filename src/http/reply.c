/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"
#include "http/date.h"
#include "http/url.h"

#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)
#define EXCERPT_BODY 200
#define EXCERPT_TYPE 80

typedef struct status_verdict {
    int http_status;
    int verdict;
} status_verdict;

static const status_verdict verdicts[] = {
    { 408, TPMC__HTTP_RETRY }, { 429, TPMC__HTTP_THROTTLED }, { 500, TPMC__HTTP_RETRY },
    { 502, TPMC__HTTP_RETRY }, { 503, TPMC__HTTP_RETRY },     { 504, TPMC__HTTP_RETRY },
};

int tpmc__http_verdict(int http_status)
{
    size_t i;

    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (verdicts[i].http_status == http_status)
            return verdicts[i].verdict;
    return TPMC__HTTP_FAIL;
}

int tpmc__http_refuse_redirect(const tpmc_http_request *request, const tpmc_http_response *response,
                               tpmc_error *err)
{
    int http_status = tpmc_http_response_status(response);
    const char *location = tpmc_http_response_header(response, "Location");
    tpmc__url from = { 0 };
    tpmc__url to = { 0 };

    if (http_status < 300 || http_status > 399)
        return 0;
    (void)tpmc__url_parse(tpmc_http_request_url(request), &from, NULL);
    if (location == NULL || tpmc__url_parse(location, &to, NULL) != 0)
        to.host_len = 0;
    (void)tpmc__fail(err, TPMC_ERR_PROTOCOL,
                     "%.*s answered with a redirection (HTTP status %d)%s%.*s, which is refused: "
                     "check the endpoint's URL",
                     (int)from.host_len, from.host_len == 0 ? "" : from.host, http_status,
                     to.host_len == 0 ? "" : " to ", (int)to.host_len,
                     to.host_len == 0 ? "" : to.host);
    tpmc__error_set_http_status(err, http_status);
    return TPMC_ERR_PROTOCOL;
}

/* A number of `unit` milliseconds; -1 when the text is none. What is longer than a year is a year.
 */
static int64_t read_span(const char *text, int64_t unit)
{
    int64_t value = 0;
    const char *c;

    if (*text == '\0')
        return -1;
    for (c = text; *c != '\0'; c++) {
        if (!tpmc__ascii_is_digit((unsigned char)*c))
            return -1;
        if (value < YEAR_MS)
            value = value * 10 + (*c - '0');
    }
    return value < YEAR_MS / unit ? value * unit : YEAR_MS;
}

static int64_t until_date(const tpmc_http_response *response, const char *text, int64_t now_ms)
{
    const char *date = tpmc_http_response_header(response, "Date");
    int64_t now = date == NULL ? -1 : tpmc__http_date_ms(date);
    int64_t then = tpmc__http_date_ms(text);

    if (then < 0)
        return -1;
    if (now < 0)
        now = now_ms;
    if (then <= now)
        return 0;
    return then - now < YEAR_MS ? then - now : YEAR_MS;
}

int64_t tpmc__http_retry_after_ms(const tpmc_http_response *response, int64_t now_ms)
{
    const char *amz = tpmc_http_response_header(response, "x-amz-retry-after");
    const char *plain = tpmc_http_response_header(response, "Retry-After");
    int64_t ms = amz == NULL ? -1 : read_span(amz, 1);

    if (ms >= 0 || plain == NULL)
        return ms;
    ms = read_span(plain, 1000);
    return ms >= 0 ? ms : until_date(response, plain, now_ms);
}

/* What cannot be printed becomes a space, and of several spaces one stays. */
static void copy_printable(char *out, size_t capacity, const uint8_t *data, size_t len)
{
    size_t used = 0;
    size_t i;
    int is_print;

    for (i = 0; i < len && used + 1 < capacity; i++) {
        is_print = data[i] > 0x20 && data[i] < 0x7f;
        if (is_print || (used != 0 && out[used - 1] != ' '))
            out[used++] = is_print ? (char)data[i] : ' ';
    }
    if (used != 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

void tpmc__http_excerpt(const tpmc_http_response *response, char out[TPMC__HTTP_EXCERPT_MAX])
{
    const char *type = tpmc_http_response_header(response, "Content-Type");
    char type_text[EXCERPT_TYPE + 1] = "without content type";
    char body[EXCERPT_BODY + 1];

    if (type != NULL)
        copy_printable(type_text, sizeof(type_text), (const uint8_t *)type, strlen(type));
    copy_printable(body, sizeof(body), tpmc_http_response_body(response),
                   tpmc_http_response_body_len(response));
    (void)snprintf(out, TPMC__HTTP_EXCERPT_MAX, "%s, %s%s%s", type_text,
                   body[0] == '\0' ? "empty" : "'", body, body[0] == '\0' ? "" : "'");
}
