/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error_int.h"
#include "http/http_int.h"
#include "http/url.h"

/* The last look before a secret leaves: the request may have been made by an application. */
static int check_url(const tpmc_env *env, const tpmc_http_request *request, tpmc_error *err)
{
    tpmc__url url;
    int status = tpmc__url_parse(tpmc_http_request_url(request), &url, err);

    if (status != 0 || url.is_https)
        return status;
    if (!tpmc__url_is_loopback(&url))
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "plain http is refused: use an https URL (http is possible to "
                          "127.0.0.0/8 and [::1] only, written as an address)");
    if (tpmc__options_number(&env->options, TPMC__ENV_ALLOW_HTTP_LOOPBACK) == 0)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT,
                          "plain http is refused: use an https URL, or set the option "
                          "'allow_http_loopback' of the environment to reach a local agent");
    return 0;
}

static int start_clock(tpmc_env *env, tpmc_http_request *request, int64_t deadline_ms,
                       tpmc_error *err)
{
    int64_t now = 0;
    int status;

    status = tpmc__env_monotonic_ms(env, &now, err);
    if (status != 0)
        return status;
    if (now >= deadline_ms)
        return tpmc__fail(err, TPMC_ERR_TIMEOUT,
                          "the time for this call was over before the request was sent");
    tpmc__http_request_set_time_left(request, deadline_ms - now);
    return 0;
}

/* What became of the exchange, of which the transport says `status`. An answer that is here counts,
 * however late: the provider has acted on the request. */
static int judge_answer(const tpmc_http_response *response, int status, tpmc_error *err)
{
    if (status == 0)
        return tpmc__http_response_check(response, err);
    if (status == TPMC_ERR_FORKED)
        return status;
    /* A transport that was told to stop reading has only a code of its own to say so. */
    if (tpmc__http_response_check_body(response, NULL) != 0)
        return tpmc__http_response_check_body(response, err);
    return status;
}

int tpmc__http_exchange(tpmc_env *env, tpmc_http_request *request, int64_t deadline_ms,
                        tpmc_http_response **out, tpmc_error *err)
{
    tpmc_http_response *response = NULL;
    int status;

    *out = NULL;
    status = check_url(env, request, err);
    if (status != 0)
        goto out;
    status = tpmc__http_response_new(&response, err);
    if (status != 0)
        goto out;
    status = tpmc__env_should_stop(env, err);
    if (status != 0)
        goto out;
    status = start_clock(env, request, deadline_ms, err);
    if (status != 0)
        goto out;
    status = tpmc__env_http(env, request, response, err);
    tpmc__http_request_set_time_left(request, -1);
    status = judge_answer(response, status, err);
    if (status != 0)
        goto out;
    *out = response;
    response = NULL;
out:
    tpmc__http_response_free(response);
    return status;
}
