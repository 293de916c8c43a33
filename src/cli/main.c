/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/command_list.h"
#include "cli/help_command.h"
#include "cli/message.h"
#include "cli/stop_signal.h"

static const cli_command *const command_table[] = {
    &cli_key_create_command,
    &cli_key_import_command,
    &cli_key_convert_command,
    &cli_key_wrap_command,
    &cli_key_show_command,
    &cli_key_public_command,
    &cli_key_csr_command,
    &cli_key_certificate_command,
    &cli_key_parent_command,
    &cli_key_persist_parent_command,
    &cli_sign_command,
    &cli_hmac_command,
    &cli_policy_digest_command,
    &cli_policy_show_command,
    &cli_policy_check_command,
    &cli_policy_sign_command,
    &cli_gcp_token_command,
    &cli_gcp_oidc_documents_command,
    &cli_azure_token_command,
    &cli_azure_on_behalf_of_command,
    &cli_azure_assertion_command,
    &cli_azure_oidc_documents_command,
    &cli_aws_rolesanywhere_credentials_command,
    &cli_aws_hmac_credentials_command,
    &cli_aws_hmac_sign_request_command,
    &cli_aws_hmac_presign_command,
    &cli_aws_hmac_eks_token_command,
    &cli_aws_hmac_caller_identity_command,
};

static const cli_command_list commands = {
    command_table,
    sizeof(command_table) / sizeof(command_table[0]),
};

static int run_command(const cli_command *command, int argc, char **argv)
{
    cli_args args;
    int status;

    status = cli_args_parse(&args, command, argc, argv);
    if (status == CLI_OK)
        status = args.wants_help ? cli_help_print(command) : command->run(&args);
    if (status == CLI_USAGE)
        cli_message("'tpmcloud %s --help' lists the flags", command->name);
    cli_args_free(&args);
    return status;
}

static int dispatch(int argc, char **argv)
{
    const cli_command *command;
    int words;

    if (argc <= 0) {
        cli_message("no command is given; see tpmcloud --help");
        return CLI_USAGE;
    }
    if (strcmp(argv[0], "--version") == 0)
        return cli_help_print_version();
    if (cli_help_is_asked(argv[0]) || strcmp(argv[0], "help") == 0)
        return cli_help_run(&commands, argc - 1, argv + 1);
    command = cli_command_find(&commands, argc, argv, &words);
    if (command != NULL)
        return run_command(command, argc - words, argv + words);
    if (argc > 1 && cli_help_is_asked(argv[1]))
        return cli_help_run(&commands, 1, argv);
    return cli_command_unknown(&commands, argc, argv);
}

/* A descriptor that is closed would be given to the next file opened: a message could go into the
 * TPM. The null device, opened the wrong way round, makes reading and writing fail instead. */
static int occupy_standard_files(void)
{
    int fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return CLI_FAILED;
    }
    return CLI_OK;
}

int main(int argc, char **argv)
{
    /* Before libtss2 reads it; a failure leaves its chatter on, which harms nothing. */
    (void)setenv("TSS2_LOG", "all+none", 0);
    if (occupy_standard_files() != CLI_OK)
        return CLI_FAILED;
    cli_stop_prepare();
    return dispatch(argc - 1, argv + 1);
}
