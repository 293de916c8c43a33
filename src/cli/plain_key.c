/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plain_key.h"

#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

/* What tpmc_key_import() takes. */
#define PRIVATE_KEY_MAX ((size_t)64 * 1024)

#define HMAC_DEFAULT "hmac-sha256"

/* What stands before the secret access key in the first step of Signature Version 4. */
static const char aws_prefix[] = "AWS4";
/* What the keys of AWS have. */
#define AWS_SECRET_USUAL 40
#define AWS_PREFIX_LEN (sizeof(aws_prefix) - 1)
#define AWS_SECRET_MIN 16
#define AWS_SECRET_MAX 124 /* with the prefix, as long as an HMAC secret may be */

const cli_own_flag cli_plain_key_flags[CLI_PLAIN_KEY_FLAG_COUNT] = {
    { "in", TPMC_OPTION_TEXT, "FILE", NULL, NULL, 1,
      "unencrypted RSA or EC private key (PEM or DER), a service-account JSON, or with --hmac a "
      "secret; - is standard input" },
    { "hmac", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "the bytes of the input are the secret of an HMAC key, for SHA-256 unless --algorithm says "
      "otherwise" },
    { "aws", TPMC_OPTION_BOOLEAN, NULL, NULL, NULL, 0,
      "the input is an AWS secret access key on one line: as --hmac, with AWS4 put before it" },
};

static const char *algorithm_of(const cli_args *args)
{
    return cli_args_option(args, TPMC_OBJECT_KEY_TEMPLATE, "algorithm");
}

static int is_aws(const cli_args *args)
{
    return cli_args_is_on(args, "aws");
}

static int names_hmac(const char *algorithm)
{
    return algorithm != NULL && strncmp(algorithm, "hmac-", strlen("hmac-")) == 0;
}

static int is_hmac(const cli_args *args)
{
    return is_aws(args) || cli_args_is_on(args, "hmac") || names_hmac(algorithm_of(args));
}

int cli_plain_key_check(const cli_args *args)
{
    const char *algorithm = algorithm_of(args);

    if (algorithm == NULL || !is_hmac(args))
        return CLI_OK;
    if (is_aws(args) && strcmp(algorithm, HMAC_DEFAULT) != 0) {
        cli_message("AWS signs with %s; leave --algorithm out", HMAC_DEFAULT);
        return CLI_USAGE;
    }
    if (!names_hmac(algorithm)) {
        cli_message("--hmac makes an HMAC key, and --algorithm names another kind of key");
        return CLI_USAGE;
    }
    return CLI_OK;
}

int cli_plain_key_set(const cli_context *context, const cli_args *args,
                      tpmc_key_template *key_template)
{
    int rv;

    if (!is_hmac(args) || algorithm_of(args) != NULL)
        return CLI_OK;
    rv = tpmc_key_template_set(key_template, "algorithm", HMAC_DEFAULT, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

static size_t length_of_line(const cli_input *input)
{
    size_t len = input->len;

    if (len > 0 && input->data[len - 1] == '\n')
        len--;
    if (len > 0 && len < input->len && input->data[len - 1] == '\r')
        len--;
    return len;
}

static int is_visible(const unsigned char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return 0;
    }
    return 1;
}

/* Puts the prefix before a secret access key, in a buffer of its own. */
static int add_aws_prefix(cli_input *input, const char *name)
{
    size_t len = length_of_line(input);
    cli_input whole = { 0 };

    if (len < AWS_SECRET_MIN || len > AWS_SECRET_MAX || !is_visible(input->data, len)) {
        cli_message("%s does not hold a secret access key: one line of %d to %d letters, digits "
                    "and signs, without spaces, and nothing else",
                    name, AWS_SECRET_MIN, AWS_SECRET_MAX);
        return CLI_FAILED;
    }
    if (len == AWS_PREFIX_LEN + AWS_SECRET_USUAL &&
        memcmp(input->data, aws_prefix, AWS_PREFIX_LEN) == 0) {
        cli_message("%s holds a secret access key with AWS4 before it already: remove that, or "
                    "import it with --hmac alone",
                    name);
        return CLI_FAILED;
    }
    whole.capacity = AWS_PREFIX_LEN + len;
    whole.len = whole.capacity;
    whole.data = malloc(whole.capacity);
    if (whole.data == NULL)
        return cli_no_memory();
    memcpy(whole.data, aws_prefix, AWS_PREFIX_LEN);
    memcpy(whole.data + AWS_PREFIX_LEN, input->data, len);
    cli_input_free(input);
    *input = whole;
    return CLI_OK;
}

int cli_plain_key_read(const cli_args *args, cli_input *out)
{
    const char *path = cli_args_text(args, "in");
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    int status;

    status = cli_input_read(out, path, PRIVATE_KEY_MAX, CLI_INPUT_REGULAR);
    if (status == CLI_OK && out->len == 0) {
        cli_message("%s is empty; it should hold %s", name,
                    is_hmac(args) ? "a secret" : "a private key");
        status = CLI_FAILED;
    }
    if (status == CLI_OK && is_aws(args))
        status = add_aws_prefix(out, name);
    return status;
}
