/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/aws_call.h"

#include "proto/aws_failure.h"

typedef struct running {
    tpmc_env *env;
    const tpmc__aws_call *call;
    void *context;
} running;

static int build(void *context, int attempt, int64_t offset_ms, tpmc_http_request **out,
                 tpmc_error *err)
{
    const running *self = context;
    int64_t now_ms = 0;
    int status;

    (void)attempt;
    status = tpmc__env_wall_ms(self->env, &now_ms, err);
    if (status != 0)
        return status;
    return self->call->build(self->context, now_ms + offset_ms, out, err);
}

static int judge(void *context, const tpmc_http_response *response, int *verdict, tpmc_error *err)
{
    const running *self = context;
    int http_status = tpmc_http_response_status(response);
    int remedy = TPMC__AWS_GIVE_UP;
    int status;

    if (http_status >= 200 && http_status <= 299)
        return self->call->read(self->context, response, err);
    status = tpmc__aws_failure(response, self->call->service, &remedy, err);
    if (remedy == TPMC__AWS_CORRECT_CLOCK)
        *verdict = TPMC__HTTP_SKEW;
    else if (remedy == TPMC__AWS_TRY_AGAIN && !self->call->is_single)
        *verdict = status == TPMC_ERR_THROTTLED ? TPMC__HTTP_THROTTLED : TPMC__HTTP_RETRY;
    return status;
}

int tpmc__aws_call_run(tpmc_env *env, const tpmc__aws_call *call, void *context, tpmc_error *err)
{
    running self = { env, call, context };
    tpmc__http_flow flow = {
        .build = build,
        .judge = judge,
        .clock = call->clock,
        .is_single = call->is_single,
    };

    return tpmc__http_call(env, &flow, &self, err);
}
