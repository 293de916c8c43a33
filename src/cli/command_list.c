/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command_list.h"

#include <string.h>

#include "cli/message.h"
#include "cli/spelling.h"

#define NAME_MAX_BYTES 64

/* How many arguments spell the command's name; 0 when they do not. */
static int words_matched(const cli_command *command, int argc, char **argv)
{
    const char *name = command->name;
    size_t len;
    int words;

    for (words = 0; *name != '\0'; words++) {
        len = strcspn(name, " ");
        if (words == argc || strlen(argv[words]) != len || strncmp(argv[words], name, len) != 0)
            return 0;
        name += len;
        name += strspn(name, " ");
    }
    return words;
}

const cli_command *cli_command_find(const cli_command_list *commands, int argc, char **argv,
                                    int *words)
{
    size_t i;

    for (i = 0; i < commands->count; i++) {
        *words = words_matched(commands->items[i], argc, argv);
        if (*words > 0)
            return commands->items[i];
    }
    return NULL;
}

static int is_in_group(const cli_command *command, const char *word)
{
    size_t len = strlen(word);

    return len > 0 && strncmp(command->name, word, len) == 0 && command->name[len] == ' ';
}

int cli_command_is_group(const cli_command_list *commands, const char *word)
{
    size_t i;

    for (i = 0; i < commands->count; i++) {
        if (is_in_group(commands->items[i], word))
            return 1;
    }
    return 0;
}

void cli_command_put_group(FILE *out, const cli_command_list *commands, const char *word)
{
    const cli_command *command;
    size_t i;

    for (i = 0; i < commands->count; i++) {
        command = commands->items[i];
        if (is_in_group(command, word))
            (void)fprintf(out, "tpmcloud %s %s\n    %s\n", command->name, command->synopsis,
                          command->summary);
    }
}

static const char *nearest_name(const cli_command_list *commands, const char *typed)
{
    cli_spelling spelling;
    size_t i;

    cli_spelling_init(&spelling, typed, strlen(typed));
    for (i = 0; i < commands->count; i++)
        cli_spelling_offer(&spelling, commands->items[i]->name);
    return spelling.nearest;
}

int cli_command_unknown(const cli_command_list *commands, int argc, char **argv)
{
    int is_group = cli_command_is_group(commands, argv[0]);
    int is_followed = argc > 1 && argv[1][0] != '-';
    char both[NAME_MAX_BYTES];
    const char *nearest;

    if (is_group && !is_followed) {
        cli_message("'%s' needs a second word:", argv[0]);
        cli_command_put_group(stderr, commands, argv[0]);
        return CLI_USAGE;
    }
    (void)snprintf(both, sizeof(both), "%s %s", argv[0], is_followed ? argv[1] : "");
    nearest = nearest_name(commands, argv[0]);
    if (nearest == NULL && is_followed)
        nearest = nearest_name(commands, both);
    /* A second word that does not belong to a command may be anything: it is not repeated. */
    if (nearest != NULL)
        cli_message("unknown command '%s'; did you mean '%s'?", is_group ? both : argv[0], nearest);
    else
        cli_message("unknown command '%s'; see tpmcloud --help", is_group ? both : argv[0]);
    return CLI_USAGE;
}
