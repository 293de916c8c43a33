/* SPDX-License-Identifier: Apache-2.0 */
#include "services/default_service.h"

#include <errno.h>
#include <time.h>

static int read_clock(clockid_t id, int64_t *ms)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0)
        return TPMC_ERR_CLOCK;
    *ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return 0;
}

int tpmc__posix_wall_clock(void *user, int64_t *ms)
{
    (void)user;
    return read_clock(CLOCK_REALTIME, ms);
}

int tpmc__posix_monotonic_clock(void *user, int64_t *ms)
{
    (void)user;
    return read_clock(CLOCK_MONOTONIC, ms);
}

int tpmc__posix_sleep(void *user, int64_t ms)
{
    struct timespec end;
    int reason;

    (void)user;
    if (clock_gettime(CLOCK_MONOTONIC, &end) != 0)
        return TPMC_ERR_CLOCK;
    end.tv_sec += (time_t)(ms / 1000);
    end.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_nsec -= 1000000000L;
        end.tv_sec++;
    }
    do {
        reason = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    } while (reason == EINTR);
    return reason == 0 ? 0 : TPMC_ERR_IO;
}
