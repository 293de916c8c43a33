/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include <string.h>

#include "cli/message.h"
#include "cli/secret_input.h"
#include "cli/spelling.h"
#include "tpmcloud/option.h"

static const char *value_name_of(int kind)
{
    switch (kind) {
    case TPMC_OPTION_NUMBER:
        return "NUMBER";
    case TPMC_OPTION_BOOLEAN:
        return "0|1";
    case TPMC_OPTION_CHOICE:
        return "WORD";
    default:
        return "TEXT";
    }
}

static void from_own(const cli_own_flag *own, size_t index, cli_flag *flag)
{
    flag->source = CLI_FLAG_OWN;
    flag->index = index;
    flag->kind = own->kind;
    flag->required = own->required;
    flag->name = own->name;
    flag->value_name = own->value_name;
    flag->default_text = own->default_text;
    flag->summary = own->summary;
    flag->words = own->words;
}

static void from_option(int object, size_t index, cli_flag *flag)
{
    flag->source = CLI_FLAG_OPTION;
    flag->object = object;
    flag->index = index;
    flag->kind = tpmc_option_kind(object, index);
    flag->name = tpmc_option_name(object, index);
    flag->alias = tpmc_option_alias(object, index);
    flag->value_name = value_name_of(flag->kind);
    flag->default_text = tpmc_option_default(object, index);
    flag->summary = tpmc_option_summary(object, index);
}

static void from_secret(size_t id, int is_file, cli_flag *flag)
{
    const cli_secret_flag *secret = cli_secret_flag_of(id);

    flag->source = is_file ? CLI_FLAG_SECRET_FILE : CLI_FLAG_SECRET;
    flag->index = id;
    flag->kind = id == CLI_SECRET_ENTITY ? TPMC_OPTION_LIST : TPMC_OPTION_TEXT;
    flag->name = is_file ? secret->file_name : secret->name;
    flag->alias = is_file ? NULL : secret->alias;
    flag->value_name = is_file ? secret->file_value_name : secret->value_name;
    flag->summary = is_file ? secret->file_summary : secret->summary;
}

/* The i-th flag of a set of passwords, each of which has two: the text, and a file. */
static int secret_at(unsigned secrets, size_t i, cli_flag *flag)
{
    size_t id;

    for (id = 0; id < CLI_SECRET_FLAG_COUNT; id++) {
        if ((secrets >> id & 1) == 0)
            continue;
        if (i < 2) {
            from_secret(id, i == 1, flag);
            return 1;
        }
        i -= 2;
    }
    return 0;
}

static size_t own_count(const cli_command *command)
{
    size_t count = 0;
    size_t group;

    for (group = 0; group < CLI_OWN_FLAGS_MAX; group++)
        count += command->flags[group].count;
    return count;
}

const cli_own_flag *cli_own_flag_at(const cli_command *command, size_t i)
{
    const cli_own_flags *flags;
    size_t group;

    for (group = 0; group < CLI_OWN_FLAGS_MAX; group++) {
        flags = &command->flags[group];
        if (i < flags->count)
            return &flags->items[i];
        i -= flags->count;
    }
    return NULL;
}

int cli_flag_at(const cli_command *command, size_t i, cli_flag *flag)
{
    const cli_own_flag *own = cli_own_flag_at(command, i);
    size_t object;
    size_t count;

    memset(flag, 0, sizeof(*flag));
    if (own != NULL) {
        from_own(own, i, flag);
        return 1;
    }
    i -= own_count(command);
    for (object = 0; object < command->object_count; object++) {
        count = tpmc_option_count(command->objects[object]);
        if (i < count) {
            from_option(command->objects[object], i, flag);
            return 1;
        }
        i -= count;
    }
    return secret_at(command->secrets, i, flag);
}

static int same_name(const char *name, const char *typed, size_t len)
{
    size_t i;

    if (strlen(name) != len)
        return 0;
    for (i = 0; i < len; i++) {
        if (name[i] != (typed[i] == '-' ? '_' : typed[i]))
            return 0;
    }
    return 1;
}

int cli_flag_find(const cli_command *command, const char *name, size_t len, cli_flag *flag)
{
    size_t i;

    for (i = 0; cli_flag_at(command, i, flag); i++) {
        if (same_name(flag->name, name, len))
            return 1;
        if (flag->alias != NULL && same_name(flag->alias, name, len))
            return 1;
    }
    return 0;
}

void cli_flag_unknown(const cli_command *command, const char *name, size_t len)
{
    cli_spelling spelling;
    cli_flag flag;
    char spelt[CLI_FLAG_NAME_MAX];
    size_t i;

    cli_spelling_init(&spelling, name, len);
    for (i = 0; cli_flag_at(command, i, &flag); i++)
        cli_spelling_offer(&spelling, flag.name);
    cli_spelling_offer(&spelling, "help");
    if (spelling.nearest == NULL) {
        cli_message("unknown flag '--%.*s'", (int)len, name);
        return;
    }
    cli_flag_spell(spelling.nearest, spelt);
    cli_message("unknown flag '--%.*s'; did you mean '%s'?", (int)len, name, spelt);
}

void cli_flag_spell(const char *name, char out[CLI_FLAG_NAME_MAX])
{
    size_t i;

    out[0] = '-';
    out[1] = '-';
    for (i = 0; name[i] != '\0' && i + 3 < CLI_FLAG_NAME_MAX; i++)
        out[i + 2] = name[i] == '_' ? '-' : name[i];
    out[i + 2] = '\0';
}

/* Whether the bytes from `from` to `at` end with the word. */
static int ends_with(const char *from, const char *at, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(at - from) >= len && memcmp(at - len, word, len) == 0;
}

/* Whether the text before `at` says that an option's name stands there: the word, or one that joins
 * it to the option that ended at `last_end`. */
static int announces_option(const char *text, const char *at, const char *last_end)
{
    static const char *const joints[] = { " and ", " or ", ", or ", " with ", ", " };
    size_t i;

    if (ends_with(text, at, "option ") || ends_with(text, at, "options "))
        return 1;
    for (i = 0; last_end != NULL && i < sizeof(joints) / sizeof(joints[0]); i++) {
        if (ends_with(last_end, at, joints[i]) && (size_t)(at - last_end) == strlen(joints[i]))
            return 1;
    }
    return 0;
}

/* The length of a quoted name that is an option of the command, quotes included; else 0. */
static size_t quoted_option(const cli_command *command, const char *at, cli_flag *flag)
{
    size_t len;

    if (at[0] != '\'')
        return 0;
    len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (at[len + 1] != '\'' || !cli_flag_find(command, at + 1, len, flag))
        return 0;
    return flag->source == CLI_FLAG_OPTION ? len + 2 : 0;
}

/* What binds a new key has a longer name in the library, where a key has options of the same names;
 * a person types the alias, unless that is another flag of the command. */
static const char *usual_name(const cli_command *command, const cli_flag *flag)
{
    cli_flag found;

    if (flag->object != TPMC_OBJECT_KEY_TEMPLATE || flag->alias == NULL)
        return flag->name;
    if (!cli_flag_find(command, flag->alias, strlen(flag->alias), &found))
        return flag->name;
    return found.object == flag->object ? flag->alias : flag->name;
}

void cli_flag_spell_options(const cli_command *command, const char *text, char *out,
                            size_t capacity)
{
    char spelt[CLI_FLAG_NAME_MAX];
    const char *last_end = NULL;
    const char *at = text;
    cli_flag flag;
    size_t quoted;
    size_t len = 0;

    while (*at != '\0' && len + CLI_FLAG_NAME_MAX < capacity) {
        quoted = announces_option(text, at, last_end) ? quoted_option(command, at, &flag) : 0;
        if (quoted == 0) {
            out[len++] = *at++;
            continue;
        }
        cli_flag_spell(usual_name(command, &flag), spelt);
        memcpy(out + len, spelt, strlen(spelt));
        len += strlen(spelt);
        at += quoted;
        last_end = at;
    }
    out[len] = '\0';
}
