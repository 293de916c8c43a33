/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "azure/claims_text.h"
#include "azure/entra_failure.h"
#include "azure/entra_reply.h"
#include "base/mem.h"
#include "http/http_int.h"
#include "tpmcloud/token.h"

#define NOW_MS INT64_C(1750000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static tpmc_http_response *answer(int http_status, const uint8_t *data, size_t size)
{
    tpmc_http_response *response = NULL;

    if (tpmc__http_response_new(&response, NULL) != 0 ||
        tpmc_http_response_set_status(response, http_status, NULL) != 0 ||
        tpmc_http_response_append_body(response, data, size, NULL) != 0)
        abort();
    return response;
}

/* A token with an expiry to come, or a refusal. */
static void read_success(const uint8_t *data, size_t size, tpmc_error *err)
{
    static const tpmc__entra_moment moment = { NOW_MS, 0 };
    tpmc_http_response *response = answer(200, data, size);
    tpmc__cache_entry entry = { NULL, 0, 0 };
    int status = tpmc__entra_reply_read(response, &moment, &entry, err);

    if (status == 0) {
        if (tpmc_token_value(entry.value)[0] == '\0' || entry.expires_at_ms <= NOW_MS ||
            (entry.renew_at_ms != 0 &&
             (entry.renew_at_ms <= NOW_MS || entry.renew_at_ms >= entry.expires_at_ms)))
            abort();
    } else if (entry.value != NULL || status != TPMC_ERR_PROTOCOL) {
        abort();
    }
    tpmc_token_free(entry.value);
    tpmc__http_response_free(response);
}

/* A failure with a text in which nothing looks like a JWT. */
static void read_failure(const uint8_t *data, size_t size, tpmc_error *err)
{
    tpmc_http_response *response = answer(400, data, size);
    int verdict = 0;

    if (tpmc__entra_failure(response, &verdict, err) == 0 || tpmc_error_text(err)[0] == '\0')
        abort();
    tpmc__http_response_free(response);
}

/* JSON that is claims stays so when it is read again. */
static void read_claims(const uint8_t *data, size_t size)
{
    char *text = tpmc__mem_copy(data, size);
    tpmc__options options;
    tpmc__buf first;
    tpmc__buf again;

    if (text == NULL || tpmc__options_init(&options, TPMC_OBJECT_AZURE, NULL) != 0)
        abort();
    tpmc__buf_init(&first, TPMC__CLAIMS_MAX);
    tpmc__buf_init(&again, TPMC__CLAIMS_MAX);
    if (tpmc__claims_text(&options, text, &first, NULL) == 0 &&
        (tpmc__claims_text(&options, (const char *)first.data, &again, NULL) != 0 ||
         strcmp((const char *)first.data, (const char *)again.data) != 0))
        abort();
    tpmc__buf_free(&first);
    tpmc__buf_free(&again);
    tpmc__options_free(&options);
    tpmc__mem_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tpmc_error *err = NULL;

    if (tpmc_error_new(&err) != 0)
        abort();
    read_success(data, size, err);
    read_failure(data, size, err);
    read_claims(data, size);
    tpmc_error_free(err);
    return 0;
}
