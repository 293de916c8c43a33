/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPMC_BASE_OPTION_INT_H
#define TPMC_BASE_OPTION_INT_H

#include <stddef.h>
#include <stdint.h>

#include "tpmcloud/error.h"
#include "tpmcloud/option.h"

/* Checks a text option's value beyond its kind; returns NULL, or what is wrong with it, such as "is
 * not an e-mail address". */
typedef const char *(*tpmc__option_check)(const char *value);

/* One option, declared once, in option_table.c. */
typedef struct tpmc__option {
    const char *name;
    const char *alias; /* another accepted spelling, or NULL */
    int kind;          /* TPMC_OPTION_* */
    const char *default_text;
    const char *summary;
    int64_t min; /* NUMBER: range of the value; TEXT and LIST: bytes of one value */
    int64_t max;
    const char *const *choices; /* CHOICE: words, NULL at the end; their indices are the value */
    tpmc__option_check check;
    int many_lines; /* TEXT: line ends and tabs are taken too */
    int split; /* LIST: a value may hold several, separated by spaces; repeated ones are dropped */
} tpmc__option;

typedef struct tpmc__option_table {
    const tpmc__option *options;
    size_t count;
} tpmc__option_table;

/* The most values that a list option takes. */
#define TPMC__OPTION_LIST_MAX 64

typedef struct tpmc__option_value {
    int is_set;
    int64_t number; /* NUMBER, BOOLEAN (0 or 1), CHOICE (index) */
    char *text;     /* TEXT, and the number's and choice's own spelling is not kept */
    char **items;   /* LIST */
    size_t item_count;
} tpmc__option_value;

/* The values that one object holds. */
typedef struct tpmc__options {
    const tpmc__option_table *table;
    tpmc__option_value *values;
} tpmc__options;

/* The table of a kind of object (TPMC_OBJECT_*); NULL for an unknown one. */
const tpmc__option_table *tpmc__option_table_of(int object);

int tpmc__options_init(tpmc__options *options, int object, tpmc_error *err);
void tpmc__options_free(tpmc__options *options);
/* Sets by name: `-` is `_`, an unknown name is answered with the nearest one. Nothing changes on
 * failure. */
int tpmc__options_set(tpmc__options *options, const char *name, const char *value, tpmc_error *err);

/* `index` is one of the object's enum. Values fall back to the default. */
int tpmc__options_is_set(const tpmc__options *options, size_t index);
const char *tpmc__options_text(const tpmc__options *options,
                               size_t index); /* NULL: unset, no default */
int64_t tpmc__options_number(const tpmc__options *options,
                             size_t index); /* also booleans and choices */
size_t tpmc__options_item_count(const tpmc__options *options, size_t index);
const char *tpmc__options_item(const tpmc__options *options, size_t index, size_t item);

#endif
