/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/flags.h"
#include "cli/stop_signal.h"

#define TEXT_MAX 4096

/* Where messages go instead of stderr; a command has no other way to reach all who write them. */
static char *diverted;
static size_t diverted_capacity;

void cli_message_divert(char *text, size_t capacity)
{
    diverted = text;
    diverted_capacity = capacity;
}

/* How many bytes the control character here has; 0 when it is none. */
static size_t control_length(const unsigned char *c)
{
    if (c[0] < 0x20 || c[0] == 0x7f)
        return 1;
    /* U+0080 to U+009F, which terminals obey as they obey the ASCII ones. */
    return c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f ? 2 : 0;
}

static void blank_controls(char *text)
{
    unsigned char *c = (unsigned char *)text;
    size_t len;

    while (*c != '\0') {
        len = control_length(c);
        memset(c, '?', len);
        c += len > 0 ? len : 1;
    }
}

void cli_message(const char *format, ...)
{
    char text[TEXT_MAX];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (len < 0)
        return;
    blank_controls(text);
    if (diverted != NULL)
        (void)snprintf(diverted, diverted_capacity, "%s", text);
    else
        (void)fprintf(stderr, "tpmcloud: %s\n", text);
}

int cli_library_failed(const cli_command *command, const tpmc_error *err)
{
    const char *request_id = tpmc_error_request_id(err);
    uint32_t code = tpmc_error_tpm_code(err);
    char text[TEXT_MAX];

    cli_flag_spell_options(command, tpmc_error_text(err), text, sizeof(text));
    if (tpmc_error_code(err) == TPMC_ERR_CANCELLED && cli_stop_requested())
        cli_message("stopped by a signal");
    else if (code != 0)
        cli_message("%s (TPM response 0x%lx)", text, (unsigned long)code);
    else if (request_id[0] != '\0')
        cli_message("%s (request id %s)", text, request_id);
    else
        cli_message("%s", text);
    return tpmc_error_code(err) == TPMC_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

int cli_no_memory(void)
{
    cli_message("out of memory");
    return CLI_FAILED;
}
