/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_OUTPUT_FILE_H
#define TPMC_CLI_OUTPUT_FILE_H

#include <stddef.h>

/* What happens to a file that is there already, and who may read the new one. */
typedef enum cli_output_mode {
    CLI_OUTPUT_REPLACE,
    CLI_OUTPUT_KEEP,
    CLI_OUTPUT_PUBLISH /* replaced, by one that all may read */
} cli_output_mode;

/* Where a result goes. */
typedef struct cli_output {
    const char *path; /* as given; "standard output" for that */
    const char *base; /* last part of `path` */
    int fd;           /* standard output or a device; -1 for a file */
    int directory;    /* of the file; -1 when there is none */
    cli_output_mode mode;
} cli_output;

/*
 * Makes sure that the result can be written, before anything costly is done; leaves nothing behind.
 * NULL and "-" are standard output. CLI_OK, CLI_FAILED or CLI_USAGE; closed by the caller in every
 * case.
 */
int cli_output_open(cli_output *output, const char *path, cli_output_mode mode);

/* Writes the whole result: a file appears complete, with mode 0600, or 0644 where it is published,
 * or not at all. CLI_OK or CLI_FAILED. */
int cli_output_write(const cli_output *output, const void *data, size_t len);
void cli_output_close(cli_output *output);

/* Writes to standard output. CLI_OK or CLI_FAILED. */
int cli_output_print(const void *data, size_t len);

#endif
