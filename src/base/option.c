/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option_int.h"

#include <string.h>

#include "base/error_int.h"
#include "base/mem.h"
#include "base/option_value.h"

/* The longest name that is compared with others, or repeated in an error text. */
#define NAME_MAX_LEN 64
/* No two names further apart are taken for each other. */
#define MAX_DISTANCE 3

static const tpmc__option *find_by_index(int object, size_t i)
{
    const tpmc__option_table *table = tpmc__option_table_of(object);

    return table != NULL && i < table->count ? &table->options[i] : NULL;
}

size_t tpmc_option_count(int object)
{
    const tpmc__option_table *table = tpmc__option_table_of(object);

    return table != NULL ? table->count : 0;
}

const char *tpmc_option_name(int object, size_t i)
{
    const tpmc__option *option = find_by_index(object, i);

    return option != NULL ? option->name : NULL;
}

const char *tpmc_option_alias(int object, size_t i)
{
    const tpmc__option *option = find_by_index(object, i);

    return option != NULL ? option->alias : NULL;
}

const char *tpmc_option_default(int object, size_t i)
{
    const tpmc__option *option = find_by_index(object, i);

    return option != NULL ? option->default_text : NULL;
}

const char *tpmc_option_summary(int object, size_t i)
{
    const tpmc__option *option = find_by_index(object, i);

    return option != NULL ? option->summary : NULL;
}

int tpmc_option_kind(int object, size_t i)
{
    const tpmc__option *option = find_by_index(object, i);

    return option != NULL ? option->kind : -1;
}

int tpmc__options_init(tpmc__options *options, int object, tpmc_error *err)
{
    options->values = NULL;
    options->table = tpmc__option_table_of(object);
    if (options->table == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "there are no options of object %d", object);
    options->values = tpmc__mem_new(options->table->count, sizeof(*options->values));
    if (options->values == NULL)
        return tpmc__fail_nomem(err);
    return 0;
}

void tpmc__options_free(tpmc__options *options)
{
    size_t i;

    if (options->values == NULL)
        return;
    for (i = 0; i < options->table->count; i++)
        tpmc__option_value_free(&options->values[i]);
    tpmc__mem_free(options->values);
    options->values = NULL;
}

static char spelling(char c)
{
    return c == '-' ? '_' : c;
}

static int same_name(const char *given, const char *name)
{
    while (*given != '\0' && spelling(*given) == *name) {
        given++;
        name++;
    }
    return *given == '\0' && *name == '\0';
}

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be added, dropped, changed or swapped with their neighbour to make one text
 * the other. Both are at most NAME_MAX_LEN long. */
static size_t distance(const char *given, const char *name)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];
    size_t *free_row;
    size_t columns = strlen(name);
    size_t i;
    size_t j;

    for (j = 0; j <= columns; j++)
        last[j] = j;
    for (i = 1; given[i - 1] != '\0'; i++) {
        row[0] = i;
        for (j = 1; j <= columns; j++) {
            row[j] = last[j - 1] + (spelling(given[i - 1]) != name[j - 1] ? 1 : 0);
            row[j] = smallest(row[j], smallest(row[j - 1], last[j]) + 1);
            if (i > 1 && j > 1 && spelling(given[i - 1]) == name[j - 2] &&
                spelling(given[i - 2]) == name[j - 1])
                row[j] = smallest(row[j], before[j - 2] + 1);
        }
        free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[columns];
}

/* The shorter a name, the closer a misspelling must be to be taken for it. */
static int is_near(size_t steps, const char *name)
{
    return steps <= smallest((strlen(name) + 1) / 3, MAX_DISTANCE);
}

static const char *nearest_name(const tpmc__option_table *table, const char *given)
{
    const char *spellings[2];
    const char *found = NULL;
    size_t found_steps = 0;
    size_t steps;
    size_t i;
    size_t j;

    for (i = 0; i < table->count; i++) {
        spellings[0] = table->options[i].name;
        spellings[1] = table->options[i].alias;
        for (j = 0; j < 2 && spellings[j] != NULL; j++) {
            steps = distance(given, spellings[j]);
            if (is_near(steps, spellings[j]) && (found == NULL || steps < found_steps)) {
                found = table->options[i].name;
                found_steps = steps;
            }
        }
    }
    return found;
}

static int fail_unknown(const tpmc__option_table *table, const char *name, tpmc_error *err)
{
    const char *near;

    if (strlen(name) > NAME_MAX_LEN)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "unknown option: its name has %zu bytes",
                          strlen(name));
    near = nearest_name(table, name);
    if (near == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "unknown option '%s'", name);
    return tpmc__fail(err, TPMC_ERR_ARGUMENT, "unknown option '%s'; did you mean '%s'?", name,
                      near);
}

/* The place of an option in its table; the table's size when there is none. */
static size_t find_by_name(const tpmc__option_table *table, const char *name)
{
    const tpmc__option *option;
    size_t i;

    for (i = 0; i < table->count; i++) {
        option = &table->options[i];
        if (same_name(name, option->name))
            break;
        if (option->alias != NULL && same_name(name, option->alias))
            break;
    }
    return i;
}

int tpmc__options_set(tpmc__options *options, const char *name, const char *value, tpmc_error *err)
{
    tpmc__option_value parsed;
    size_t index;
    int status;

    if (name == NULL)
        return tpmc__fail(err, TPMC_ERR_ARGUMENT, "the name of an option is NULL");
    index = find_by_name(options->table, name);
    if (index == options->table->count)
        return fail_unknown(options->table, name, err);

    memset(&parsed, 0, sizeof(parsed));
    if (value != NULL) {
        status = tpmc__option_value_parse(&options->table->options[index], &options->values[index],
                                          value, &parsed, err);
        if (status != 0)
            return status;
    }
    tpmc__option_value_free(&options->values[index]);
    options->values[index] = parsed;
    return 0;
}

int tpmc__options_is_set(const tpmc__options *options, size_t index)
{
    return options->values[index].is_set;
}

const char *tpmc__options_text(const tpmc__options *options, size_t index)
{
    const tpmc__option *option = &options->table->options[index];
    const tpmc__option_value *value = &options->values[index];

    if (!value->is_set)
        return option->default_text;
    if (option->kind == TPMC_OPTION_CHOICE)
        return option->choices[value->number];
    return value->text;
}

int64_t tpmc__options_number(const tpmc__options *options, size_t index)
{
    static const tpmc__option_value none;
    const tpmc__option *option = &options->table->options[index];
    tpmc__option_value value = options->values[index];

    if (value.is_set)
        return value.number;
    value = none;
    /* A default is in its range: a test parses every one. Neither kind allocates. */
    if (option->default_text != NULL && option->kind != TPMC_OPTION_TEXT &&
        option->kind != TPMC_OPTION_LIST)
        (void)tpmc__option_value_parse(option, &none, option->default_text, &value, NULL);
    return value.number;
}

size_t tpmc__options_item_count(const tpmc__options *options, size_t index)
{
    if (options->values[index].is_set)
        return options->values[index].item_count;
    return options->table->options[index].default_text != NULL ? 1 : 0;
}

const char *tpmc__options_item(const tpmc__options *options, size_t index, size_t item)
{
    if (item >= tpmc__options_item_count(options, index))
        return NULL;
    if (options->values[index].is_set)
        return options->values[index].items[item];
    return options->table->options[index].default_text;
}
