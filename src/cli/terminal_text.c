/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal_text.h"

void cli_put_text(FILE *out, const char *text)
{
    const unsigned char *c;

    for (c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            (void)fprintf(out, "\\x%02x", (unsigned)*c);
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            (void)fprintf(out, "\\u%04x", (unsigned)*++c);
        else
            (void)fputc(*c, out);
    }
}
