/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/secret_input.h"
#include "tpmcloud/option.h"
#include "tpmcloud/version.h"

/* Flags that several commands share are listed once, by the object they belong to. */
static const int shared_objects[] = { TPMC_OBJECT_GCP,          TPMC_OBJECT_AWS_ROLESANYWHERE,
                                      TPMC_OBJECT_AWS_HMAC,     TPMC_OBJECT_KEY,
                                      TPMC_OBJECT_KEY_TEMPLATE, TPMC_OBJECT_TPM,
                                      TPMC_OBJECT_ENV };
#define SHARED_COUNT (sizeof(shared_objects) / sizeof(shared_objects[0]))

/* Text that roff prints as it is. */
static void put_roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            (void)fputs("\\e", out);
        else if (*text == '-')
            (void)fputs("\\-", out);
        else if (*text == '\'')
            (void)fputs("\\(aq", out);
        else
            (void)fputc(*text, out);
    }
}

static void put_line(FILE *out, const char *text)
{
    put_roff(out, text);
    (void)fputc('\n', out);
}

/* What a help function prints about a flag, as roff. */
static void put_printed(FILE *out, void (*print)(FILE *, const cli_flag *), const cli_flag *flag)
{
    char *text = NULL;
    size_t len;
    FILE *stream;

    stream = open_memstream(&text, &len);
    if (stream == NULL)
        return;
    print(stream, flag);
    if (fclose(stream) == 0)
        put_roff(out, text);
    free(text);
}

static void put_flag(FILE *out, const cli_flag *flag)
{
    (void)fputs(".TP\n.B ", out);
    put_printed(out, cli_help_put_usage, flag);
    (void)fputc('\n', out);
    put_roff(out, flag->summary);
    put_printed(out, cli_help_put_note, flag);
    (void)fputc('\n', out);
}

/* Names the groups of flags that a command takes besides its own. */
static void put_groups(FILE *out, const cli_command *command)
{
    const char *heading = "";
    cli_flag flag;
    size_t i;

    (void)fputs(".PP\nFurther flags:", out);
    for (i = 0; cli_flag_at(command, i, &flag); i++) {
        if (flag.source == CLI_FLAG_OWN || strcmp(heading, cli_help_heading(&flag)) == 0)
            continue;
        (void)fputs(heading[0] == '\0' ? " " : ", ", out);
        heading = cli_help_heading(&flag);
        put_roff(out, heading);
    }
    (void)fputs(".\n", out);
}

static void put_command(FILE *out, const cli_command *command)
{
    cli_flag flag;
    size_t i;

    (void)fputs(".SS tpmcloud ", out);
    put_line(out, command->name);
    (void)fputs(".B tpmcloud ", out);
    put_line(out, command->name);
    put_line(out, command->synopsis);
    (void)fputs(".PP\n", out);
    put_line(out, command->about);
    for (i = 0; cli_flag_at(command, i, &flag) && flag.source == CLI_FLAG_OWN; i++)
        put_flag(out, &flag);
    put_groups(out, command);
}

/* A command that has nothing but the flags of one group. */
static void put_group(FILE *out, const cli_command *group)
{
    cli_flag flag;
    size_t i;

    if (!cli_flag_at(group, 0, &flag))
        return;
    (void)fputs(".SS ", out);
    put_line(out, cli_help_heading(&flag));
    for (i = 0; cli_flag_at(group, i, &flag); i++)
        put_flag(out, &flag);
}

static void put_shared_flags(FILE *out)
{
    cli_command group = { 0 };
    cli_command passwords = { .secrets = CLI_SECRETS_USE };
    size_t i;

    (void)fputs(".SH FLAGS OF SEVERAL COMMANDS\n", out);
    group.object_count = 1;
    for (i = 0; i < SHARED_COUNT; i++) {
        group.objects = &shared_objects[i];
        put_group(out, &group);
    }
    put_group(out, &passwords);
}

static void put_rows(FILE *out, const char *section, const cli_help_row *row)
{
    (void)fprintf(out, ".SH %s\n", section);
    for (; row->term != NULL; row++) {
        (void)fputs(".TP\n.B ", out);
        put_line(out, row->term);
        put_line(out, row->text);
    }
}

static void put_top(FILE *out)
{
    (void)fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n"
                ".\\\" Written by 'tpmcloud help --man'.\n",
                out);
    (void)fprintf(out, ".TH TPMCLOUD 1 \"\" \"tpmcloud %s\" \"User Commands\"\n", tpmc_version());
    (void)fputs(
        ".SH NAME\n"
        "tpmcloud \\- cloud sign\\-in with keys that never leave a TPM 2.0\n"
        ".SH SYNOPSIS\n"
        ".B tpmcloud\n"
        ".I COMMAND\n"
        ".RI [ FLAG ...]\n"
        ".SH DESCRIPTION\n"
        "Results go to standard output, messages to standard error.\n"
        "A flag is written \\-\\-flag VALUE or \\-\\-flag=VALUE; in its name \\- and _ are\n"
        "the same. A switch stands alone or takes 0 or 1. Flags and files may come in any\n"
        "order after the command.\n"
        ".PP\n"
        "A password on the command line is overwritten there at once, but it was seen by\n"
        "the shell, and may have been by others: prefer a file or standard input.\n",
        out);
}

void cli_help_man_page(FILE *out, const cli_command_list *commands)
{
    size_t i;

    put_top(out);
    (void)fputs(".SH COMMANDS\n", out);
    for (i = 0; i < commands->count; i++)
        put_command(out, commands->items[i]);
    put_shared_flags(out);
    put_rows(out, "ENVIRONMENT", cli_help_environment);
    put_rows(out, "EXIT STATUS", cli_help_exit_status);
    (void)fputs(".SH EXAMPLES\n"
                ".nf\n"
                "tpmcloud key import \\-\\-in account.json \\-\\-out key.pem\n"
                "tpmcloud gcp token \\-\\-keyfile key.pem \\-\\-email "
                "robot@project.iam.gserviceaccount.com\n"
                "tpmcloud key import \\-\\-aws \\-\\-in secret \\-\\-out aws.pem\n"
                "tpmcloud aws\\-hmac credentials \\-\\-keyfile aws.pem "
                "\\-\\-aws\\-access\\-key\\-id AKIAIOSFODNN7EXAMPLE \\-\\-region eu\\-central\\-1\n"
                "tpmcloud sign \\-\\-keyfile key.pem \\-\\-in message \\-\\-out message.sig\n"
                "tpmcloud key public key.pem > key.pub\n"
                "openssl dgst \\-sha256 \\-verify key.pub \\-signature message.sig message\n"
                ".fi\n",
                out);
}
