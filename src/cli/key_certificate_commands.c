/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/context.h"
#include "cli/output_file.h"

/* What signs the subject: a request, or a certificate. */
typedef int (*maker)(const cli_context *context, const cli_args *args, tpmc_bytes **pem);

static int make_csr(const cli_context *context, const cli_args *args, tpmc_bytes **pem)
{
    return tpmc_key_make_csr(context->key, cli_args_text(args, "algorithm"),
                             cli_args_text(args, "subject"), pem, context->err);
}

static int make_certificate(const cli_context *context, const cli_args *args, tpmc_bytes **pem)
{
    long days = strtol(cli_args_text(args, "days"), NULL, 10);

    return tpmc_key_make_certificate(context->key, cli_args_text(args, "algorithm"),
                                     cli_args_text(args, "subject"), (int)days, pem, context->err);
}

static int make(cli_args *args, maker make_pem, tpmc_bytes **pem)
{
    cli_context context = { 0 };
    int status;
    int rv;

    status = cli_context_open_key(&context, args);
    if (status != CLI_OK)
        goto out;
    rv = make_pem(&context, args, pem);
    if (rv != TPMC_OK)
        status = cli_context_failed(&context);
out:
    cli_context_close(&context);
    return status;
}

static int run(cli_args *args, maker make_pem)
{
    tpmc_bytes *pem = NULL;
    cli_output output;
    int status;

    status = cli_output_open(&output, cli_args_text(args, "out"), CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = make(args, make_pem, &pem);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(pem), tpmc_bytes_len(pem));
    tpmc_bytes_free(pem);
    cli_output_close(&output);
    return status;
}

static int run_csr(cli_args *args)
{
    return run(args, make_csr);
}

static int run_certificate(cli_args *args)
{
    return run(args, make_certificate);
}

static const cli_own_flag subject_flags[] = {
    { "subject", TPMC_OPTION_TEXT, "DN", NULL, NULL, 1,
      "distinguished name, such as 'CN=device 7,O=Example' or '/O=Example/CN=device 7'" },
    { "algorithm", TPMC_OPTION_TEXT, "NAME", NULL, NULL, 0,
      "signature algorithm, as for 'sign'; without it, what the key's type and scheme imply" },
    { "out", TPMC_OPTION_TEXT, "FILE", "-", NULL, 0,
      "where it goes, as PEM; - is standard output" },
};
#define SUBJECT_FLAG_COUNT (sizeof(subject_flags) / sizeof(subject_flags[0]))

static const cli_own_flag days_flags[] = {
    { "days", TPMC_OPTION_NUMBER, "NUMBER", "365", NULL, 0,
      "days that the certificate is valid from now, 1 to 36500" },
};

static const int objects[] = { TPMC_OBJECT_KEY, TPMC_OBJECT_TPM, TPMC_OBJECT_ENV };

const cli_command cli_key_csr_command = {
    .name = "key csr",
    .synopsis = "--keyfile KEY.pem --subject DN [--out FILE] [FLAG...]",
    .summary = "Make a certificate signing request",
    .about = "Makes a request for a certificate (PKCS #10) and signs it with the key in the TPM.",
    .flags = { { subject_flags, SUBJECT_FLAG_COUNT } },
    .objects = objects,
    .object_count = sizeof(objects) / sizeof(objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_csr,
};

const cli_command cli_key_certificate_command = {
    .name = "key certificate",
    .synopsis = "--keyfile KEY.pem --subject DN [--days N] [--out FILE] [FLAG...]",
    .summary = "Make a self-signed certificate",
    .about = "Makes a certificate that the key in the TPM signs itself, for a service that "
             "registers certificates as they are.",
    .flags = { { subject_flags, SUBJECT_FLAG_COUNT },
               { days_flags, sizeof(days_flags) / sizeof(days_flags[0]) } },
    .objects = objects,
    .object_count = sizeof(objects) / sizeof(objects[0]),
    .tpm_use = CLI_TPM_USED,
    .secrets = CLI_SECRETS_USE,
    .run = run_certificate,
};
