/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include <string.h>

#include "base/error_int.h"
#include "http/ascii.h"
#include "http/fields.h"

#define LINE_MAX_LEN (TPMC__FIELD_NAME_MAX + TPMC__FIELD_VALUE_MAX + 4)

static int refuse(tpmc_error *err, const char *why)
{
    return tpmc__fail(err, TPMC_ERR_PROTOCOL, "the answer %s", why);
}

/* "HTTP/1.1 200 OK" (RFC 9112 section 4); the reason may be empty, and its space missing. */
static int take_status_line(tpmc__http_head *head, const char *line, tpmc_http_response *response,
                            tpmc_error *err)
{
    static const char version[] = "HTTP/1.";
    const char *digits;
    int code = 0;
    int i;

    if (strncmp(line, version, sizeof(version) - 1) != 0 ||
        !tpmc__ascii_is_digit((unsigned char)line[7]) || line[8] != ' ')
        return refuse(err, "does not begin with a status line of HTTP/1");
    digits = line + 9;
    for (i = 0; i < 3; i++) {
        if (!tpmc__ascii_is_digit((unsigned char)digits[i]))
            return refuse(err, "has a malformed status");
        code = code * 10 + (digits[i] - '0');
    }
    if (digits[3] != '\0' && digits[3] != ' ')
        return refuse(err, "has a malformed status");
    if (tpmc_http_response_set_status(response, code, NULL) != 0)
        return refuse(err, "has a status that is not 100 to 599");
    head->has_status = 1;
    head->is_interim = code <= 199;
    return 0;
}

static int take_field(char *line, tpmc_http_response *response, tpmc_error *err)
{
    char *colon = strchr(line, ':');
    char *value;
    char *c;
    int status;

    if (colon == NULL)
        return refuse(err, "holds a header line without a colon");
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    for (c = value; *c != '\0'; c++)
        if (*c == '\t')
            *c = ' ';
    while (c > value && c[-1] == ' ')
        *--c = '\0';
    status = tpmc_http_response_add_header(response, line, value, err);
    if (status == TPMC_ERR_ARGUMENT)
        return refuse(err, "holds a header field that is malformed, too long or one too many");
    return status;
}

static void end_head(tpmc__http_head *head)
{
    head->is_done = !head->is_interim;
    head->has_status = 0;
}

int tpmc__http_head_take(tpmc__http_head *head, const char *line, size_t len,
                         tpmc_http_response *response, tpmc_error *err)
{
    char text[LINE_MAX_LEN];

    if (len > TPMC__HTTP_HEAD_MAX - head->bytes)
        return refuse(err, "has more than 64 KiB of header lines");
    head->bytes += len;
    if (head->is_done)
        return 0;
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len >= sizeof(text))
        return refuse(err, "holds a header line that is too long");
    if (memchr(line, '\0', len) != NULL)
        return refuse(err, "holds a header line with a NUL");
    memcpy(text, line, len);
    text[len] = '\0';
    if (!head->has_status)
        return take_status_line(head, text, response, err);
    if (len == 0)
        end_head(head);
    else if (!head->is_interim)
        return take_field(text, response, err);
    return 0;
}
