/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_OPTIONS_FIXTURE_H
#define TESTS_UNIT_OPTIONS_FIXTURE_H

/* The options of an object without the object. */

#include <stdio.h>
#include <stdlib.h>

#include "base/error_int.h"
#include "base/option_int.h"
#include "unit/expect.h"

typedef struct options_fixture {
    tpmc__options options;
    tpmc_error *err;
} options_fixture;

static inline void options_open(options_fixture *f, int object)
{
    assert_int_equal(tpmc_error_new(&f->err), 0);
    expect_success(tpmc__options_init(&f->options, object, f->err), f->err);
}

static inline void options_close(options_fixture *f)
{
    tpmc__options_free(&f->options);
    tpmc_error_free(f->err);
}

static inline void options_put(options_fixture *f, const char *name, const char *value)
{
    tpmc__error_clear(f->err);
    expect_success(tpmc__options_set(&f->options, name, value, f->err), f->err);
}

/* `before`, then `unit` so many times, then `after`; freed with free(). */
static inline char *repeated(const char *before, const char *unit, size_t times, const char *after)
{
    size_t len = strlen(unit);
    char *text = calloc(1, strlen(before) + times * len + strlen(after) + 1);
    char *at = text;

    assert_non_null(text);
    at += sprintf(at, "%s", before);
    for (size_t i = 0; i < times; i++)
        at += sprintf(at, "%s", unit);
    (void)sprintf(at, "%s", after);
    return text;
}

static inline void options_put_repeated(options_fixture *f, const char *name, const char *before,
                                        const char *unit, size_t times)
{
    char *text = repeated(before, unit, times, "");

    options_put(f, name, text);
    free(text);
}

#endif
