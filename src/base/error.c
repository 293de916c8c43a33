/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define TEXT_MAX 1024
/* So much longer that a character which formatting cuts through is dropped afterwards. */
#define FORMAT_MAX (TEXT_MAX + 8)
#define PROVIDER_CODE_MAX 128
#define REQUEST_ID_MAX 128

/* Nothing here is allocated, so that also the lack of memory can be told. */
struct tpmc_error {
    int code;
    uint32_t tpm_code;
    int http_status;
    int64_t retry_after_ms;
    char text[TEXT_MAX];
    char provider_code[PROVIDER_CODE_MAX];
    char request_id[REQUEST_ID_MAX];
};

/* By code: the place is the negative of it. */
static const char *const code_names[] = {
    [-TPMC_OK] = "OK",
    [-TPMC_ERR_NOMEM] = "NOMEM",
    [-TPMC_ERR_ARGUMENT] = "ARGUMENT",
    [-TPMC_ERR_STATE] = "STATE",
    [-TPMC_ERR_IO] = "IO",
    [-TPMC_ERR_FORMAT] = "FORMAT",
    [-TPMC_ERR_UNSUPPORTED] = "UNSUPPORTED",
    [-TPMC_ERR_TPM_UNAVAILABLE] = "TPM_UNAVAILABLE",
    [-TPMC_ERR_TPM] = "TPM",
    [-TPMC_ERR_WRONG_PASSWORD] = "WRONG_PASSWORD",
    [-TPMC_ERR_LOCKOUT] = "LOCKOUT",
    [-TPMC_ERR_POLICY] = "POLICY",
    [-TPMC_ERR_WRONG_TPM] = "WRONG_TPM",
    [-TPMC_ERR_INTEGRITY] = "INTEGRITY",
    [-TPMC_ERR_MISMATCH] = "MISMATCH",
    [-TPMC_ERR_CLOCK] = "CLOCK",
    [-TPMC_ERR_NETWORK] = "NETWORK",
    [-TPMC_ERR_TLS] = "TLS",
    [-TPMC_ERR_TIMEOUT] = "TIMEOUT",
    [-TPMC_ERR_CANCELLED] = "CANCELLED",
    [-TPMC_ERR_THROTTLED] = "THROTTLED",
    [-TPMC_ERR_DENIED] = "DENIED",
    [-TPMC_ERR_PROTOCOL] = "PROTOCOL",
    [-TPMC_ERR_FORKED] = "FORKED",
};

int tpmc_error_new(tpmc_error **out)
{
    tpmc_error *error;

    if (out == NULL)
        return TPMC_ERR_ARGUMENT;
    *out = NULL;
    error = tpmc__mem_new(1, sizeof(*error));
    if (error == NULL)
        return TPMC_ERR_NOMEM;
    tpmc__error_clear(error);
    *out = error;
    return 0;
}

void tpmc_error_free(tpmc_error *error)
{
    tpmc__mem_free(error);
}

int tpmc_error_code(const tpmc_error *error)
{
    return error != NULL ? error->code : 0;
}

const char *tpmc_error_text(const tpmc_error *error)
{
    return error != NULL ? error->text : "";
}

uint32_t tpmc_error_tpm_code(const tpmc_error *error)
{
    return error != NULL ? error->tpm_code : 0;
}

int tpmc_error_http_status(const tpmc_error *error)
{
    return error != NULL ? error->http_status : 0;
}

const char *tpmc_error_provider_code(const tpmc_error *error)
{
    return error != NULL ? error->provider_code : "";
}

const char *tpmc_error_request_id(const tpmc_error *error)
{
    return error != NULL ? error->request_id : "";
}

int64_t tpmc_error_retry_after_ms(const tpmc_error *error)
{
    return error != NULL ? error->retry_after_ms : -1;
}

const char *tpmc_error_name(int code)
{
    size_t count = sizeof(code_names) / sizeof(code_names[0]);

    if (code > 0 || code <= -(int)count)
        return "UNKNOWN";
    return code_names[-code];
}

void tpmc__error_clear(tpmc_error *err)
{
    if (err == NULL)
        return;
    memset(err, 0, sizeof(*err));
    err->retry_after_ms = -1;
}

void tpmc__error_copy(tpmc_error *to, const tpmc_error *from)
{
    if (to == NULL || to == from)
        return;
    if (from == NULL)
        tpmc__error_clear(to);
    else
        *to = *from;
}

/* As vsnprintf(), for which a failure is an empty text. */
static void format_text(char *out, size_t capacity, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void format_text(char *out, size_t capacity, const char *format, va_list args)
{
    int len;

    len = vsnprintf(out, capacity, format, args);
    if (len < 0)
        out[0] = '\0';
}

int tpmc__fail(tpmc_error *err, int code, const char *format, ...)
{
    char text[FORMAT_MAX];
    va_list args;

    if (err == NULL)
        return code;
    /* Formatted aside first: an argument may be the text that `err` still holds. */
    va_start(args, format);
    format_text(text, sizeof(text), format, args);
    va_end(args);
    tpmc__error_clear(err);
    err->code = code;
    tpmc__utf8_clean(err->text, sizeof(err->text), text);
    return code;
}

int tpmc__fail_nomem(tpmc_error *err)
{
    return tpmc__fail(err, TPMC_ERR_NOMEM, "out of memory");
}

int tpmc__fail_errno(tpmc_error *err, int reason, const char *format, ...)
{
    char text[FORMAT_MAX];
    char words[256];
    va_list args;

    va_start(args, format);
    format_text(text, sizeof(text), format, args);
    va_end(args);
    if (strerror_r(reason, words, sizeof(words)) != 0)
        (void)snprintf(words, sizeof(words), "error %d of the system", reason);
    return tpmc__fail(err, reason == ENOMEM ? TPMC_ERR_NOMEM : TPMC_ERR_IO, "%s: %s", text, words);
}

void tpmc__error_prefix(tpmc_error *err, const char *format, ...)
{
    char prefix[FORMAT_MAX];
    char text[TEXT_MAX + FORMAT_MAX + 2];
    va_list args;

    if (err == NULL || err->code == 0)
        return;
    va_start(args, format);
    format_text(prefix, sizeof(prefix), format, args);
    va_end(args);
    (void)snprintf(text, sizeof(text), "%s: %s", prefix, err->text);
    tpmc__utf8_clean(err->text, sizeof(err->text), text);
}

void tpmc__error_set_tpm_code(tpmc_error *err, uint32_t rc)
{
    if (err != NULL)
        err->tpm_code = rc;
}

void tpmc__error_set_http_status(tpmc_error *err, int status)
{
    if (err != NULL)
        err->http_status = status;
}

void tpmc__error_set_provider(tpmc_error *err, const char *code, const char *request_id)
{
    if (err == NULL)
        return;
    tpmc__utf8_clean(err->provider_code, sizeof(err->provider_code), code != NULL ? code : "");
    tpmc__utf8_clean(err->request_id, sizeof(err->request_id),
                     request_id != NULL ? request_id : "");
}

void tpmc__error_set_retry_after_ms(tpmc_error *err, int64_t ms)
{
    if (err != NULL)
        err->retry_after_ms = ms;
}
