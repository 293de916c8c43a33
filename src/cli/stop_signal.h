/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_CLI_STOP_SIGNAL_H
#define TPMC_CLI_STOP_SIGNAL_H

#include <signal.h>

/* From now on the first SIGINT, SIGTERM or SIGHUP asks the program to stop, and a second one kills
 * it; writing to a closed pipe or past a limit is an error instead of a signal. */
void cli_stop_prepare(void);
/* Whether such a signal came. */
int cli_stop_requested(void);
/* The same as a tpmc_should_stop_fn. */
int cli_stop_callback(void *user);

/* Holds these signals back, for as long as a half-made file exists. */
void cli_stop_hold(sigset_t *former);
void cli_stop_resume(const sigset_t *former);

#endif
