/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/expect.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "services/default_service.h"

static void wall_clock_is_the_systems(void **state)
{
    int64_t ms = 0;
    int64_t before = (int64_t)time(NULL);

    (void)state;
    assert_int_equal(tpmc__posix_wall_clock(NULL, &ms), 0);
    assert_true(ms / 1000 >= before);
    assert_true(ms / 1000 <= (int64_t)time(NULL));
}

static void monotonic_clock_runs_forwards(void **state)
{
    int64_t former = -1;
    int64_t ms = 0;
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_int_equal(tpmc__posix_monotonic_clock(NULL, &ms), 0);
        assert_true(ms >= former);
        assert_true(ms >= 0);
        former = ms;
    }
}

static int64_t time_sleep(int64_t ms)
{
    int64_t start = 0;
    int64_t end = 0;

    assert_int_equal(tpmc__posix_monotonic_clock(NULL, &start), 0);
    assert_int_equal(tpmc__posix_sleep(NULL, ms), 0);
    assert_int_equal(tpmc__posix_monotonic_clock(NULL, &end), 0);
    return end - start;
}

static void sleep_takes_its_time(void **state)
{
    (void)state;
    assert_in_range(time_sleep(1), 0, 5000);
    assert_in_range(time_sleep(120), 119, 10000);
    /* Over the end of a second, whenever that is. */
    assert_in_range(time_sleep(1000), 999, 10000);
}

static void on_signal(int number)
{
    (void)number;
}

static void sleep_goes_on_after_signals(void **state)
{
    const struct timespec pause = { 0, 20000000 };
    struct sigaction action;
    struct sigaction former;
    pid_t child;
    int i;

    (void)state;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    assert_int_equal(sigaction(SIGUSR1, &action, &former), 0);
    child = fork();
    if (child == 0) {
        for (i = 0; i < 8; i++) {
            (void)nanosleep(&pause, NULL);
            (void)kill(getppid(), SIGUSR1);
        }
        _exit(0);
    }
    assert_in_range(time_sleep(250), 249, 10000);
    while (waitpid(child, NULL, 0) < 0)
        ;
    assert_int_equal(sigaction(SIGUSR1, &former, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_is_the_systems),
        cmocka_unit_test(monotonic_clock_runs_forwards),
        cmocka_unit_test(sleep_takes_its_time),
        cmocka_unit_test(sleep_goes_on_after_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
