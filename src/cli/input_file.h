/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_INPUT_FILE_H
#define TPMC_CLI_INPUT_FILE_H

#include <stddef.h>

/* What may be read. */
typedef enum cli_input_kind {
    CLI_INPUT_ANY,    /* pipes and devices too */
    CLI_INPUT_REGULAR /* standard input or a regular file */
} cli_input_kind;

/* The content of a file; wiped when freed. */
typedef struct cli_input {
    unsigned char *data;
    size_t len;
    size_t capacity;
} cli_input;

/* Reads a file, or standard input for "-", of at most `ceiling` bytes. CLI_OK or CLI_FAILED;
 * `input` is freed by the caller in both cases. */
int cli_input_read(cli_input *input, const char *path, size_t ceiling, cli_input_kind kind);
void cli_input_free(cli_input *input);

#endif
