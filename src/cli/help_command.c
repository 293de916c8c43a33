/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help_command.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command_list.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/output_file.h"
#include "tpmcloud/version.h"

/* Text that is collected in memory, so that a failing standard output is noticed once. */
typedef struct page {
    FILE *stream;
    char *text;
    size_t len;
} page;

static int page_open(page *p)
{
    memset(p, 0, sizeof(*p));
    p->stream = open_memstream(&p->text, &p->len);
    return p->stream == NULL ? cli_no_memory() : CLI_OK;
}

static int page_print(page *p)
{
    int status;

    status = fclose(p->stream) == 0 ? cli_output_print(p->text, p->len) : cli_no_memory();
    free(p->text);
    return status;
}

int cli_help_is_asked(const char *text)
{
    return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

int cli_help_run(const cli_command_list *commands, int argc, char **argv)
{
    int is_man_page = argc > 0 && strcmp(argv[0], "--man") == 0;
    int is_group = argc == 1 && cli_command_is_group(commands, argv[0]);
    const cli_command *command;
    int words;
    page p;

    command = cli_command_find(commands, argc, argv, &words);
    if (command != NULL)
        return cli_help_print(command);
    if (argc > 0 && !is_man_page && !is_group)
        return cli_command_unknown(commands, argc, argv);
    if (page_open(&p) != CLI_OK)
        return CLI_FAILED;
    if (argc == 0)
        cli_help_overview(p.stream, commands);
    else if (is_man_page)
        cli_help_man_page(p.stream, commands);
    else
        cli_command_put_group(p.stream, commands, argv[0]);
    return page_print(&p);
}

int cli_help_print(const cli_command *command)
{
    page p;

    if (page_open(&p) != CLI_OK)
        return CLI_FAILED;
    cli_help_command(p.stream, command);
    return page_print(&p);
}

int cli_help_print_version(void)
{
    char text[64];
    int len;

    len = snprintf(text, sizeof(text), "tpmcloud %s\n", tpmc_version());
    return cli_output_print(text, (size_t)len);
}
