/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/message.h"
#include "tpmcloud/option.h"

#define NUMBER_DIGITS_MAX 9

/* What is left of the command line. */
typedef struct cursor {
    char **argv;
    int argc;
    int next;
    int only_operands; /* after "--" */
    int has_operand;
} cursor;

static const struct {
    const char *word;
    int is_on;
} booleans[] = {
    { "0", 0 },  { "1", 1 },   { "false", 0 }, { "true", 1 },
    { "no", 0 }, { "yes", 1 }, { "off", 0 },   { "on", 1 },
};

/* 1, 0, or -1 for what is no boolean. */
static int boolean_of(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++) {
        if (strcasecmp(booleans[i].word, text) == 0)
            return booleans[i].is_on;
    }
    return -1;
}

static int usage_error(const cli_flag *flag, const char *what)
{
    char spelt[CLI_FLAG_NAME_MAX];

    cli_flag_spell(flag->name, spelt);
    cli_message("%s %s", spelt, what);
    return CLI_USAGE;
}

static int wrong_word(const cli_flag *flag, const char *text)
{
    char spelt[CLI_FLAG_NAME_MAX];
    const char *last = "";
    size_t i;
    char list[256] = "";

    cli_flag_spell(flag->name, spelt);
    for (i = 0; flag->words[i] != NULL; i++) {
        (void)strncat(list, last, sizeof(list) - strlen(list) - 1);
        (void)strncat(list, flag->words[i], sizeof(list) - strlen(list) - 1);
        last = ", ";
    }
    cli_message("%s is '%s'; it must be one of %s", spelt, text, list);
    return CLI_USAGE;
}

/* Digits that fit an int. */
static int is_number(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= NUMBER_DIGITS_MAX && strspn(text, "0123456789") == len;
}

/* Options of library objects are checked by their setters; these are the program's own. */
static int check_own(const cli_flag *flag, const char *text)
{
    size_t i;

    if (flag->kind == TPMC_OPTION_BOOLEAN && boolean_of(text) < 0)
        return usage_error(flag, "is a switch: leave its value out, or give 0 or 1");
    if ((flag->kind == TPMC_OPTION_TEXT || flag->kind == TPMC_OPTION_LIST) && text[0] == '\0')
        return usage_error(flag, "has an empty value");
    if (flag->kind == TPMC_OPTION_NUMBER && !is_number(text))
        return usage_error(flag, "must be a number");
    if (flag->kind != TPMC_OPTION_CHOICE)
        return CLI_OK;
    for (i = 0; flag->words[i] != NULL; i++) {
        if (strcmp(flag->words[i], text) == 0)
            return CLI_OK;
    }
    return wrong_word(flag, text);
}

static void remember(cli_args *args, const cli_flag *flag, const char *text)
{
    args->given[args->given_count].flag = *flag;
    args->given[args->given_count].text = text;
    args->given_count++;
}

static int take_secret(cli_args *args, const cli_flag *flag, char *text)
{
    cli_secret *secret = NULL;

    if (flag->index == CLI_SECRET_ENTITY)
        return cli_entities_take(&args->entities, text, flag->source == CLI_FLAG_SECRET_FILE);
    secret = &args->secrets[flag->index];
    if (secret->is_given) {
        cli_wipe(text, strlen(text));
        cli_message("%s is given more than once", cli_secret_flag_of(flag->index)->noun);
        return CLI_USAGE;
    }
    if (flag->source == CLI_FLAG_SECRET)
        return cli_secret_take(secret, text);
    if (text[0] == '\0')
        return usage_error(flag, "has an empty value");
    secret->is_given = 1;
    secret->path = text;
    return CLI_OK;
}

static int take_value(cli_args *args, const cli_flag *flag, char *text)
{
    int status = CLI_OK;

    if (flag->source == CLI_FLAG_SECRET || flag->source == CLI_FLAG_SECRET_FILE)
        return take_secret(args, flag, text);
    if (flag->source == CLI_FLAG_OWN)
        status = check_own(flag, text);
    if (status == CLI_OK)
        remember(args, flag, text);
    return status;
}

/* A boolean stands alone unless the next argument is one of the words for yes and no. */
static int take_boolean(cli_args *args, const cli_flag *flag, cursor *at)
{
    if (at->next < at->argc && boolean_of(at->argv[at->next]) >= 0)
        return take_value(args, flag, at->argv[at->next++]);
    remember(args, flag, "1");
    return CLI_OK;
}

/* Whether an argument is a flag of the command rather than the value of the one before it. */
static int is_flag(const cli_command *command, const char *text)
{
    cli_flag flag;

    return strncmp(text, "--", 2) == 0 &&
           cli_flag_find(command, text + 2, strcspn(text + 2, "="), &flag);
}

static int take_flag(cli_args *args, char *text, cursor *at)
{
    char *name = text + 2;
    char *value = strchr(name, '=');
    size_t len = value == NULL ? strlen(name) : (size_t)(value - name);
    cli_flag flag;

    if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
        args->wants_help = 1;
        return CLI_OK;
    }
    if (text[1] != '-') {
        cli_message("unknown flag '-%c'; flags begin with '--'", text[1]);
        return CLI_USAGE;
    }
    if (!cli_flag_find(args->command, name, len, &flag)) {
        cli_flag_unknown(args->command, name, len);
        return CLI_USAGE;
    }
    if (value != NULL)
        return take_value(args, &flag, value + 1);
    if (flag.kind == TPMC_OPTION_BOOLEAN)
        return take_boolean(args, &flag, at);
    if (at->next == at->argc || is_flag(args->command, at->argv[at->next]))
        return usage_error(&flag, "needs a value");
    return take_value(args, &flag, at->argv[at->next++]);
}

/* The text is not repeated: it may be a piece of a password with a space in it. */
static int take_operand(cli_args *args, char *text, cursor *at)
{
    const char *operand = args->command->operand;
    cli_flag flag;

    if (operand == NULL) {
        cli_message("argument %d of '%s' belongs to no flag", at->next, args->command->name);
        return CLI_USAGE;
    }
    if (!cli_flag_find(args->command, operand, strlen(operand), &flag))
        return CLI_FAILED;
    at->has_operand = 1;
    return take_value(args, &flag, text);
}

static int take_argument(cli_args *args, cursor *at)
{
    char *text = at->argv[at->next++];

    if (at->only_operands || text[0] != '-' || text[1] == '\0')
        return take_operand(args, text, at);
    if (strcmp(text, "--") == 0) {
        at->only_operands = 1;
        return CLI_OK;
    }
    return take_flag(args, text, at);
}

/* Of a flag the last value counts, but a file without flag may be a slip: a word of a password. */
static int check_operand(const cli_args *args, const cursor *at)
{
    const char *operand = args->command->operand;
    size_t count = 0;
    size_t i;

    if (!at->has_operand)
        return CLI_OK;
    for (i = 0; i < args->given_count; i++)
        count += strcmp(args->given[i].flag.name, operand) == 0;
    if (count == 1)
        return CLI_OK;
    cli_message("'%s' takes one file", args->command->name);
    return CLI_USAGE;
}

/* Whether a flag that names a key is given; which of them go together, the library knows. */
static int names_key(const cli_args *args)
{
    static const char *const sources[] = { "keyfile", "handle", "public", "private" };
    size_t i;

    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (cli_args_option(args, TPMC_OBJECT_KEY, sources[i]) != NULL)
            return 1;
    }
    return 0;
}

static int check_required(const cli_args *args)
{
    const char *operand = args->command->operand;
    cli_flag flag;
    size_t i;

    for (i = 0; cli_flag_at(args->command, i, &flag); i++) {
        if (flag.required && cli_args_text(args, flag.name) == NULL)
            return usage_error(&flag, "is missing");
    }
    if (operand != NULL && strcmp(operand, "keyfile") == 0 && !names_key(args)) {
        cli_message("'%s' needs the path of a key file, --handle, or --public with --private",
                    args->command->name);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int is_stdin(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* How many of the command's input files are standard input; `last` is one of them. */
static int count_stdin(const cli_args *args, const char **last)
{
    static const char *const inputs[] = { "in", "parent_public", "policy_file", "signing_key",
                                          "body" };
    int count = 0;
    size_t i;

    for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        if (!is_stdin(cli_args_text(args, inputs[i])))
            continue;
        *last = inputs[i];
        count++;
    }
    return count;
}

/* Standard input can be read once. */
static int check_stdin(const cli_args *args)
{
    char spelt[CLI_FLAG_NAME_MAX];
    const char *last = "";
    int inputs = count_stdin(args, &last);
    int secrets = cli_entities_count_stdin(&args->entities);
    size_t i;

    for (i = 0; i < CLI_SECRET_COUNT; i++)
        secrets += is_stdin(args->secrets[i].path);
    if (secrets > 1) {
        cli_message("only one password can come from standard input; use a file for the others");
        return CLI_USAGE;
    }
    if (inputs > 1) {
        cli_message("only one file can be standard input; give the others their names");
        return CLI_USAGE;
    }
    if (secrets + inputs > 1) {
        cli_flag_spell(last, spelt);
        cli_message("a password and %s cannot both come from standard input; use a file for one of "
                    "them",
                    spelt);
        return CLI_USAGE;
    }
    return CLI_OK;
}

int cli_args_parse(cli_args *args, const cli_command *command, int argc, char **argv)
{
    cursor at = { argv, argc, 0, 0, 0 };
    int status = CLI_OK;

    memset(args, 0, sizeof(*args));
    args->command = command;
    args->given = calloc((size_t)argc + 1, sizeof(*args->given));
    if (args->given == NULL)
        return cli_no_memory();
    while (status == CLI_OK && at.next < at.argc && !args->wants_help)
        status = take_argument(args, &at);
    if (status == CLI_OK && !args->wants_help)
        status = check_operand(args, &at);
    if (status == CLI_OK && !args->wants_help)
        status = check_required(args);
    if (status == CLI_OK && !args->wants_help)
        status = check_stdin(args);
    return status;
}

void cli_args_free(cli_args *args)
{
    cli_wipe(args->secrets, sizeof(args->secrets));
    cli_entities_free(&args->entities);
    free(args->given);
    args->given = NULL;
    args->given_count = 0;
}

static const char *last_given(const cli_args *args, cli_flag_source source, int object,
                              const char *name)
{
    const cli_given *given;
    size_t i = args->given_count;

    while (i-- > 0) {
        given = &args->given[i];
        if (given->flag.source == source && given->flag.object == object &&
            strcmp(given->flag.name, name) == 0)
            return given->text;
    }
    return NULL;
}

const char *cli_args_text(const cli_args *args, const char *name)
{
    const char *text = last_given(args, CLI_FLAG_OWN, 0, name);
    const cli_own_flag *own = cli_own_flag_at(args->command, 0);
    size_t i;

    if (text != NULL)
        return text;
    for (i = 0; own != NULL && strcmp(own->name, name) != 0; i++)
        own = cli_own_flag_at(args->command, i + 1);
    return own == NULL ? NULL : own->default_text;
}

int cli_args_is_on(const cli_args *args, const char *name)
{
    const char *text = last_given(args, CLI_FLAG_OWN, 0, name);

    return text != NULL && boolean_of(text) == 1;
}

const char *cli_args_option(const cli_args *args, int object, const char *name)
{
    return last_given(args, CLI_FLAG_OPTION, object, name);
}
