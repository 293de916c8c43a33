/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_RESULT_TEXT_H
#define TPMC_CLI_RESULT_TEXT_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a time as cli_time_text() writes it. */
#define CLI_TIME_SIZE 32

/* A text with a secret in it; wiped when freed. */
typedef struct cli_result {
    char *data;
    size_t len;
    size_t capacity;
} cli_result;

/* Room for `capacity` bytes with the NUL, all 0. CLI_OK or CLI_FAILED; freed in both cases. */
int cli_result_new(cli_result *result, size_t capacity);
void cli_result_free(cli_result *result);
/* Appends text, of which the result has been given room for. */
void cli_result_append(cli_result *result, const char *text);
/* Makes the text of a JSON object and a line end; `json` may be NULL for one that found no memory,
 * and is freed. CLI_OK or CLI_FAILED. */
int cli_result_from_json(cli_result *result, cJSON *json, size_t capacity);

/* Adds a member whose text is referred to, not copied, so that a secret stays in one place. 1, or 0
 * without memory. */
int cli_json_add_text(cJSON *json, const char *name, const char *text);
/* RFC 3339, in UTC; 0 for what is no time that can be written. */
int cli_time_text(int64_t ms, char out[CLI_TIME_SIZE]);

#endif
