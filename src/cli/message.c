/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_MAX 4096

static int is_control(const unsigned char *c)
{
    /* U+0080 to U+009F are C2 80 to C2 9F; terminals obey them as they obey the ASCII ones. */
    return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);
}

static void blank_controls(char *text)
{
    unsigned char *c;

    for (c = (unsigned char *)text; *c != '\0'; c++) {
        if (is_control(c))
            *c = '?';
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
    (void)fprintf(stderr, "tpmcloud: %s\n", text);
}

int cli_library_failed(const tpmc_error *err)
{
    uint32_t code = tpmc_error_tpm_code(err);

    if (code != 0)
        cli_message("%s (TPM response 0x%lx)", tpmc_error_text(err), (unsigned long)code);
    else
        cli_message("%s", tpmc_error_text(err));
    return tpmc_error_code(err) == TPMC_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

int cli_no_memory(void)
{
    cli_message("out of memory");
    return CLI_FAILED;
}
