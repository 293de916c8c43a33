/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_input.h"

#include <string.h>

#include "cli/message.h"

static int is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The place of the first byte from `at` on that is no white space. */
static size_t skip_space(const cli_input *input, size_t at)
{
    while (at < input->len && is_space(input->data[at]))
        at++;
    return at;
}

static int begins_with(const cli_input *input, size_t at, const char *word)
{
    size_t len = strlen(word);

    return input->len - at >= len && memcmp(input->data + at, word, len) == 0;
}

/* The end of what runs from `at` to the word, which belongs to it; or of the text. */
static size_t end_after(const cli_input *input, size_t at, const char *word)
{
    while (at < input->len && !begins_with(input, at, word))
        at++;
    at += strlen(word);
    return at < input->len ? at : input->len;
}

int cli_policy_is_json(const cli_input *input)
{
    size_t at = skip_space(input, 0);

    for (;;) {
        if (begins_with(input, at, "//"))
            at = end_after(input, at, "\n");
        else if (begins_with(input, at, "/*"))
            at = end_after(input, at + 2, "*/");
        else
            return begins_with(input, at, "{") || begins_with(input, at, "[") ||
                   begins_with(input, at, "\"");
        at = skip_space(input, at);
    }
}

int cli_policy_parse(const cli_context *context, const cli_input *input, tpmc_policy **out)
{
    int rv;

    rv = tpmc_policy_new_json(context->env, input->data, input->len, out, context->err);
    return rv == TPMC_OK ? CLI_OK : cli_context_failed(context);
}

int cli_policy_read(const cli_context *context, const char *path, tpmc_policy **out)
{
    cli_input input = { 0 };
    int status;

    status = cli_input_read(&input, path, CLI_POLICY_FILE_MAX, CLI_INPUT_REGULAR);
    if (status == CLI_OK && input.len == 0) {
        cli_message("%s is empty: there is no policy in it", path);
        status = CLI_FAILED;
    }
    if (status == CLI_OK)
        status = cli_policy_parse(context, &input, out);
    cli_input_free(&input);
    return status;
}
