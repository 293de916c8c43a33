/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/aws_request.h"

#include <stdlib.h>
#include <string.h>

#include "cli/input_file.h"
#include "cli/message.h"

/* What the library takes as a body. */
#define BODY_MAX ((size_t)16 * 1024 * 1024)

const cli_own_flag cli_aws_request_flags[CLI_AWS_REQUEST_FLAG_COUNT] = {
    { "url", TPMC_OPTION_TEXT, "URL", NULL, NULL, 1, "URL of the request, with its query" },
    { "service", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 1,
      "name that the service signs under, such as s3 or execute-api" },
    { "method", TPMC_OPTION_TEXT, "WORD", "GET", NULL, 0, "method of the request" },
    { "header", TPMC_OPTION_LIST, "NAME:VALUE", NULL, NULL, 0,
      "header field of the request, which is signed too" },
    { "body", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 0,
      "file with the body, up to 16 MiB; - is standard input" },
    { "payload_hash", TPMC_OPTION_TEXT, "TEXT", NULL, NULL, 0,
      "SHA-256 of a body that is not given, in hexadecimal, or UNSIGNED-PAYLOAD" },
};

/* One "Name: value" of the command line. */
static int add_header(const cli_context *context, tpmc_http_request *request, const char *text)
{
    const char *colon = strchr(text, ':');
    char *name;
    int rv;

    if (colon == NULL) {
        cli_message("--header takes a name, ':' and a value");
        return CLI_USAGE;
    }
    name = strndup(text, (size_t)(colon - text));
    if (name == NULL)
        return cli_no_memory();
    rv = tpmc_http_request_add_header(request, name, colon + 1 + strspn(colon + 1, " "),
                                      context->err);
    free(name);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static int add_headers(const cli_context *context, const cli_args *args, tpmc_http_request *request)
{
    const cli_given *given;
    int status = CLI_OK;

    for (size_t i = 0; i < args->given_count && status == CLI_OK; i++) {
        given = &args->given[i];
        if (given->flag.source == CLI_FLAG_OWN && strcmp(given->flag.name, "header") == 0)
            status = add_header(context, request, given->text);
    }
    return status;
}

static int set_body(const cli_context *context, const cli_args *args, tpmc_http_request *request)
{
    const char *path = cli_args_text(args, "body");
    cli_input body = { 0 };
    int status = CLI_OK;

    if (path == NULL)
        return CLI_OK;
    status = cli_input_read(&body, path, BODY_MAX, CLI_INPUT_ANY);
    if (status == CLI_OK &&
        tpmc_http_request_set_body(request, body.data, body.len, context->err) != TPMC_OK)
        status = cli_context_failed(context);
    cli_input_free(&body);
    return status;
}

int cli_aws_request_new(const cli_context *context, const cli_args *args, tpmc_http_request **out)
{
    const char *hash = cli_args_text(args, "payload_hash");
    int status;
    int rv;

    rv = tpmc_http_request_new(cli_args_text(args, "method"), cli_args_text(args, "url"), out,
                               context->err);
    if (rv == TPMC_OK && hash != NULL)
        rv = tpmc_http_request_set_payload_hash(*out, hash, context->err);
    if (rv != TPMC_OK)
        return cli_context_failed(context);
    status = add_headers(context, args, *out);
    return status == CLI_OK ? set_body(context, args, *out) : status;
}
