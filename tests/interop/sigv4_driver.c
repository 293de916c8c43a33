/* SPDX-License-Identifier: Apache-2.0 */
/* Signs the requests on its input, one JSON object a line, and prints a JSON object for each: what
 * sigv4_botocore.py compares with botocore. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "support/check.h"
#include "unit/codec_env.h"
#include "unit/sigv4_fixture.h"

#define LINE_MAX_SIZE (256 * 1024)

static const char *text_of(const tpmc__json *line, const char *name)
{
    return tpmc__json_text(tpmc__json_member(line, name));
}

static int64_t integer_of(const tpmc__json *line, const char *name)
{
    int64_t value = 0;

    check(tpmc__json_integer(tpmc__json_member(line, name), &value) == 0);
    return value;
}

static tpmc_http_request *make_request(const tpmc__json *line)
{
    const tpmc__json *fields = tpmc__json_member(line, "headers");
    const char *body = text_of(line, "body");
    tpmc_http_request *request = NULL;

    check(tpmc_http_request_new(text_of(line, "method"), text_of(line, "url"), &request, NULL) ==
          0);
    for (size_t i = 0; i < tpmc__json_count(fields); i++) {
        const tpmc__json *field = tpmc__json_item(fields, i);

        check(tpmc_http_request_add_header(request, tpmc__json_text(tpmc__json_item(field, 0)),
                                           tpmc__json_text(tpmc__json_item(field, 1)), NULL) == 0);
    }
    check(tpmc_http_request_set_body(request, body, strlen(body), NULL) == 0);
    return request;
}

static tpmc__json *sign_line(tpmc_env *env, const tpmc__json *line)
{
    tpmc__json *answer = tpmc__json_new_object();
    tpmc_http_request *request = make_request(line);
    sigv4_signer signer;
    tpmc__sigv4_params params;
    tpmc__buf url;

    sigv4_signer_init(&signer, env);
    signer.secret = text_of(line, "secret");
    params = sigv4_params(&signer);
    params.credential = text_of(line, "id");
    params.session_token = text_of(line, "token");
    params.region = text_of(line, "region");
    params.service = text_of(line, "service");
    params.time_ms = integer_of(line, "time_ms");
    params.expires_s = integer_of(line, "expires");
    if (integer_of(line, "s3") != 0)
        params.flags = TPMC__SIGV4_S3;
    if (integer_of(line, "presign") != 0) {
        check(tpmc__sigv4_presign(env, request, &params, &url, NULL) == 0);
        check(tpmc__json_add_text(answer, "signed", (const char *)url.data) == 0);
        tpmc__buf_free(&url);
    } else {
        check(tpmc__sigv4_sign(env, request, &params, NULL) == 0);
        check(tpmc__json_add_text(answer, "signed", sigv4_field(request, "Authorization")) == 0);
    }
    check(tpmc__json_add_text(answer, "string_to_sign", signer.string_to_sign) == 0);
    tpmc_http_request_free(request);
    return answer;
}

int main(void)
{
    static char text[LINE_MAX_SIZE];
    void *env = NULL;

    check(setup_env(&env) == 0);
    while (fgets(text, sizeof(text), stdin) != NULL) {
        tpmc__json *line = NULL;
        tpmc__json *answer;
        tpmc__buf out;

        check(tpmc__json_parse(text, strlen(text), sizeof(text), "a line", &line, NULL) == 0);
        answer = sign_line(env, line);
        tpmc__buf_init(&out, LINE_MAX_SIZE);
        check(tpmc__json_print(answer, &out) == 0);
        check(printf("%s\n", (const char *)out.data) > 0);
        tpmc__buf_free(&out);
        tpmc__json_free(answer);
        tpmc__json_free(line);
    }
    return teardown_env(&env);
}
