/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_MESSAGE_H
#define TPMC_CLI_MESSAGE_H

#include "cli/command.h"
#include "tpmcloud/error.h"

/* Writes "tpmcloud: " and one line to stderr; control characters become `?`. `format` is printf's
 * and takes text only. */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on messages do not go to stderr: `text`, of `capacity` bytes, gets the last one, without
 * the program's name. NULL brings stderr back. */
void cli_message_divert(char *text, size_t capacity);

/* Says what failed in a call of the library, with the options that its text names spelt as the
 * command's flags. CLI_USAGE when a value given was wrong, else CLI_FAILED. */
int cli_library_failed(const cli_command *command, const tpmc_error *err);
/* Says that memory ran out: CLI_FAILED. */
int cli_no_memory(void);

#endif
