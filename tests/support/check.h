/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

/*
 * What the test bench itself relies on. Unlike cmocka's assertions these work on every thread and
 * in forked children: they print the place and end the process with status 99.
 */
#define CHECK_EXIT_STATUS 99

#define check(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)

void check_that(int holds, const char *condition, const char *file, int line);

#endif
