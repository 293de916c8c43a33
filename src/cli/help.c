/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "tpmcloud/option.h"
#include "tpmcloud/version.h"

#define WIDTH 80
/* Of the names of commands; behind a longer one the summary stands on a line of its own. */
#define NAME_WIDTH 20

const cli_help_row cli_help_environment[] = {
    { "TPMCLOUD_TCTI, TPM2TOOLS_TCTI",
      "the default of --tcti; the first that is set and not empty counts" },
    { "TSS2_LOG",
      "what the TPM software stack logs to standard error; nothing when it is not set" },
    { NULL, NULL },
};

const cli_help_row cli_help_exit_status[] = {
    { "0", "done" },
    { "1", "failed; standard error says why" },
    { "2", "a flag or its value is wrong, or something is missing on the command line" },
    { NULL, NULL },
};

static const struct {
    int object;
    const char *heading;
} headings[] = {
    { TPMC_OBJECT_ENV, "Network" },
    { TPMC_OBJECT_TPM, "TPM connection" },
    { TPMC_OBJECT_KEY_TEMPLATE, "New key" },
    { TPMC_OBJECT_KEY, "Key" },
    { TPMC_OBJECT_GCP, "Google Cloud" },
    { TPMC_OBJECT_AZURE, "Azure" },
    { TPMC_OBJECT_AWS_ROLESANYWHERE, "AWS Roles Anywhere" },
    { TPMC_OBJECT_AWS_HMAC, "AWS access key" },
};

const char *cli_help_heading(const cli_flag *flag)
{
    size_t i;

    if (flag->source == CLI_FLAG_OWN)
        return "Command";
    if (flag->source != CLI_FLAG_OPTION)
        return "Passwords";
    for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++) {
        if (headings[i].object == flag->object)
            return headings[i].heading;
    }
    return "Other";
}

void cli_help_put_usage(FILE *out, const cli_flag *flag)
{
    char spelt[CLI_FLAG_NAME_MAX];

    cli_flag_spell(flag->name, spelt);
    (void)fputs(spelt, out);
    if (flag->alias != NULL) {
        cli_flag_spell(flag->alias, spelt);
        (void)fprintf(out, ", %s", spelt);
    }
    if (flag->kind != TPMC_OPTION_BOOLEAN)
        (void)fprintf(out, " %s", flag->value_name);
}

void cli_help_put_note(FILE *out, const cli_flag *flag)
{
    if (flag->required)
        (void)fputs(" (required)", out);
    if (flag->kind == TPMC_OPTION_LIST)
        (void)fputs(" (repeatable)", out);
    if (flag->default_text != NULL && flag->default_text[0] != '\0')
        (void)fprintf(out, " (default: %s)", flag->default_text);
}

/* Writes words with line breaks, each line indented. */
static void put_wrapped(FILE *out, size_t indent, const char *text)
{
    size_t column = 0;
    size_t len;

    while (*text != '\0') {
        len = strcspn(text, " ");
        if (column > 0 && column + 1 + len > WIDTH) {
            (void)fputc('\n', out);
            column = 0;
        }
        column += column == 0 ? indent : 1;
        (void)fprintf(out, "%*s%.*s", column == indent ? (int)indent : 1, "", (int)len, text);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

static void put_flag(FILE *out, const cli_flag *flag)
{
    char *text = NULL;
    size_t len;
    FILE *summary;

    (void)fputs("  ", out);
    cli_help_put_usage(out, flag);
    (void)fputc('\n', out);
    summary = open_memstream(&text, &len);
    if (summary == NULL)
        return;
    (void)fputs(flag->summary, summary);
    cli_help_put_note(summary, flag);
    if (fclose(summary) == 0)
        put_wrapped(out, 6, text);
    free(text);
}

static void put_rows(FILE *out, const char *heading, const cli_help_row *row)
{
    (void)fprintf(out, "\n%s:\n", heading);
    for (; row->term != NULL; row++) {
        (void)fprintf(out, "  %s\n", row->term);
        put_wrapped(out, 6, row->text);
    }
}

static void put_command(FILE *out, const cli_command *command)
{
    const char *gap = strlen(command->name) < NAME_WIDTH ? "" : "\n  ";

    (void)fprintf(out, "  %-*s%s%*s%s\n", NAME_WIDTH, command->name, gap,
                  gap[0] == '\0' ? 0 : NAME_WIDTH, "", command->summary);
}

void cli_help_overview(FILE *out, const cli_command_list *commands)
{
    size_t i;

    (void)fprintf(out,
                  "tpmcloud %s: cloud sign-in with keys that never leave a TPM 2.0\n\n"
                  "Usage: tpmcloud COMMAND [FLAG...]\n\nCommands:\n",
                  tpmc_version());
    for (i = 0; i < commands->count; i++)
        put_command(out, commands->items[i]);
    (void)fputs("  help COMMAND        List the flags of a command, as COMMAND --help does\n"
                "  help --man          Print the man page\n"
                "  --version           Print the version\n",
                out);
    put_rows(out, "Environment", cli_help_environment);
    put_rows(out, "Exit status", cli_help_exit_status);
}

void cli_help_command(FILE *out, const cli_command *command)
{
    const char *heading = NULL;
    cli_flag flag;
    size_t i;

    (void)fprintf(out, "Usage: tpmcloud %s %s\n\n", command->name, command->synopsis);
    put_wrapped(out, 0, command->about);
    for (i = 0; cli_flag_at(command, i, &flag); i++) {
        if (heading == NULL || strcmp(heading, cli_help_heading(&flag)) != 0) {
            heading = cli_help_heading(&flag);
            (void)fprintf(out, "\n%s:\n", heading);
        }
        put_flag(out, &flag);
    }
    if (command->tpm_use == CLI_TPM_NEVER)
        return;
    put_rows(out, "Environment", cli_help_environment);
}
