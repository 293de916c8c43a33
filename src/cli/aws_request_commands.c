/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/aws_request.h"
#include "cli/output_file.h"
#include "cli/result_text.h"

static int signing_flags(const cli_args *args)
{
    int flags = 0;

    if (cli_args_is_on(args, "keep_path"))
        flags |= TPMC_AWS_SIGN_KEEP_PATH;
    if (cli_args_is_on(args, "encode_once"))
        flags |= TPMC_AWS_SIGN_ENCODE_ONCE;
    if (cli_args_is_on(args, "sign_body"))
        flags |= TPMC_AWS_SIGN_BODY;
    return flags;
}

/* The fields from `first` on, a line each. */
static int print_fields(const tpmc_http_request *request, size_t first)
{
    size_t count = tpmc_http_request_header_count(request);
    cli_result text = { NULL, 0, 0 };
    size_t room = 1;
    int status;

    for (size_t i = first; i < count; i++)
        room += strlen(tpmc_http_request_header_name(request, i)) +
                strlen(tpmc_http_request_header_value(request, i)) + strlen(": \n");
    status = cli_result_new(&text, room);
    for (size_t i = first; i < count && status == CLI_OK; i++) {
        cli_result_append(&text, tpmc_http_request_header_name(request, i));
        cli_result_append(&text, ": ");
        cli_result_append(&text, tpmc_http_request_header_value(request, i));
        cli_result_append(&text, "\n");
    }
    if (status == CLI_OK)
        status = cli_output_print(text.data, text.len);
    cli_result_free(&text);
    return status;
}

static int run_sign_request(cli_args *args)
{
    tpmc_http_request *request = NULL;
    cli_aws_hmac self;
    size_t count = 0;
    int status = cli_aws_hmac_open(&self, args);

    if (status == CLI_OK)
        status = cli_aws_request_new(&self.context, args, &request);
    if (status == CLI_OK) {
        count = tpmc_http_request_header_count(request);
        if (tpmc_aws_hmac_sign_request(self.hmac, cli_args_text(args, "service"), NULL, request,
                                       signing_flags(args), self.context.err) != TPMC_OK)
            status = cli_context_failed(&self.context);
    }
    if (status == CLI_OK)
        status = print_fields(request, count);
    tpmc_http_request_free(request);
    cli_aws_hmac_close(&self);
    return status;
}

static int run_presign(cli_args *args)
{
    tpmc_http_request *request = NULL;
    tpmc_bytes *url = NULL;
    cli_aws_hmac self;
    int status = cli_aws_hmac_open(&self, args);

    if (status == CLI_OK)
        status = cli_aws_request_new(&self.context, args, &request);
    if (status == CLI_OK &&
        tpmc_aws_hmac_presign(self.hmac, cli_args_text(args, "service"), NULL, request,
                              strtol(cli_args_text(args, "expires"), NULL, 10), &url,
                              self.context.err) != TPMC_OK)
        status = cli_context_failed(&self.context);
    if (status == CLI_OK)
        status = cli_output_print(tpmc_bytes_data(url), tpmc_bytes_len(url));
    if (status == CLI_OK)
        status = cli_output_print("\n", 1);
    tpmc_bytes_free(url);
    tpmc_http_request_free(request);
    cli_aws_hmac_close(&self);
    return status;
}

static const cli_own_flag sign_flags[] = {
    { "sign_body", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "add and sign X-Amz-Content-Sha256, as some services want; S3 always" },
    { "keep_path", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "sign the path as it is, with dot segments and repeated '/'; S3 always" },
    { "encode_once", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "do not encode the path again for the signature; S3 always" },
};

static const cli_own_flag presign_flags[] = {
    { "expires", TPMC_OPTION_NUMBER, "SECONDS", "3600", NULL, 0,
      "seconds that the URL holds, 1 to 604800" },
};

const cli_command cli_aws_hmac_sign_request_command = {
    .name = "aws-hmac sign-request",
    .synopsis = "--keyfile KEY.pem --aws-access-key-id ID --region REGION --service NAME --url URL "
                "[FLAG...]",
    .summary = "Sign an HTTP request for AWS with an access key in the TPM",
    .about = "Prints the header fields that make a request one of AWS Signature Version 4, a line "
             "each, as curl takes them with -H @FILE. With --assume-role-arn the credentials of "
             "that role sign.",
    .flags = { { cli_aws_request_flags, CLI_AWS_REQUEST_FLAG_COUNT },
               { sign_flags, sizeof(sign_flags) / sizeof(sign_flags[0]) } },
    .objects = cli_aws_hmac_objects,
    .object_count = CLI_AWS_HMAC_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_sign_request,
};

const cli_command cli_aws_hmac_presign_command = {
    .name = "aws-hmac presign",
    .synopsis = "--keyfile KEY.pem --aws-access-key-id ID --region REGION --service NAME --url URL "
                "[--expires SECONDS] [FLAG...]",
    .summary = "Sign a URL for AWS with an access key in the TPM",
    .about = "Prints a URL with a signature in its query: whoever has it may use it until it ends. "
             "With --assume-role-arn the credentials of that role sign.",
    .flags = { { cli_aws_request_flags, CLI_AWS_REQUEST_FLAG_COUNT },
               { presign_flags, sizeof(presign_flags) / sizeof(presign_flags[0]) } },
    .objects = cli_aws_hmac_objects,
    .object_count = CLI_AWS_HMAC_OBJECT_COUNT,
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_presign,
};
