/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stop_signal.h"

#include <stddef.h>

#include "tpmcloud/error.h"

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };
#define STOP_SIGNAL_COUNT (sizeof(stop_signals) / sizeof(stop_signals[0]))

/* A handler has no other way to leave word. */
static volatile sig_atomic_t stop_requested;

static void on_stop_signal(int number)
{
    stop_requested = 1;
    (void)signal(number, SIG_DFL);
}

/* One that the parent process ignores, as nohup does, stays ignored. */
static void catch_signal(int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action.sa_handler = on_stop_signal;
    /* Without SA_RESTART, so that a waiting read() returns. */
    action.sa_flags = 0;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

static void ignore_signal(int number)
{
    struct sigaction action = { 0 };

    action.sa_handler = SIG_IGN;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

void cli_stop_prepare(void)
{
    size_t i;

    for (i = 0; i < STOP_SIGNAL_COUNT; i++)
        catch_signal(stop_signals[i]);
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
}

int cli_stop_requested(void)
{
    return stop_requested != 0;
}

int cli_stop_callback(void *user)
{
    (void)user;
    return cli_stop_requested() ? TPMC_ERR_CANCELLED : TPMC_OK;
}

void cli_stop_hold(sigset_t *former)
{
    sigset_t held;
    size_t i;

    (void)sigemptyset(&held);
    for (i = 0; i < STOP_SIGNAL_COUNT; i++)
        (void)sigaddset(&held, stop_signals[i]);
    (void)sigprocmask(SIG_BLOCK, &held, former);
}

void cli_stop_resume(const sigset_t *former)
{
    (void)sigprocmask(SIG_SETMASK, former, NULL);
}
