/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_SPELLING_H
#define TPMC_CLI_SPELLING_H

#include <stddef.h>

/* Looks among words for the one that was probably meant. */
typedef struct cli_spelling {
    const char *word;
    size_t len;
    const char *nearest; /* NULL while nothing is near enough */
    size_t distance;
} cli_spelling;

void cli_spelling_init(cli_spelling *spelling, const char *word, size_t len);
void cli_spelling_offer(cli_spelling *spelling, const char *candidate);

#endif
