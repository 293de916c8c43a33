/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spelling.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 63

static char fold(char c)
{
    if (c == '-')
        return '_';
    return (char)tolower((unsigned char)c);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The least number of letters to insert, drop or replace: Levenshtein's distance. */
static size_t distance_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];
    size_t i;
    size_t j;
    size_t diagonal;
    size_t above;

    for (j = 0; j <= b_len; j++)
        row[j] = j;
    for (i = 1; i <= a_len; i++) {
        diagonal = row[0];
        row[0] = i;
        for (j = 1; j <= b_len; j++) {
            above = row[j];
            row[j] = smaller(smaller(above, row[j - 1]) + 1,
                             diagonal + (fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1));
            diagonal = above;
        }
    }
    return row[b_len];
}

void cli_spelling_init(cli_spelling *spelling, const char *word, size_t len)
{
    spelling->word = word;
    spelling->len = len;
    spelling->nearest = NULL;
    /* A third of the letters may be wrong; beyond that the hint would puzzle more than help. */
    spelling->distance = len / 3 + 2;
}

void cli_spelling_offer(cli_spelling *spelling, const char *candidate)
{
    size_t len = strlen(candidate);
    size_t distance;

    if (spelling->len == 0 || spelling->len > WORD_MAX || len > WORD_MAX)
        return;
    distance = distance_between(spelling->word, spelling->len, candidate, len);
    if (distance >= spelling->distance)
        return;
    spelling->distance = distance;
    spelling->nearest = candidate;
}
