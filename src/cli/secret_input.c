/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/stop_signal.h"
#include "tpmcloud/tpmkey.h"

#define FILE_SUMMARY "file whose first line is that password; - is standard input"

static const cli_secret_flag flags[CLI_SECRET_FLAG_COUNT] = {
    [CLI_SECRET_KEY] = {
        .name = "password",
        .alias = "keyPassword",
        .file_name = "password_file",
        .value_name = "PASSWORD",
        .file_value_name = "FILE",
        .summary = "the key's password, '' for an empty one; a file is safer",
        .file_summary = FILE_SUMMARY,
        .noun = "the key's password",
    },
    [CLI_SECRET_PARENT] = {
        .name = "parent_password",
        .file_name = "parent_password_file",
        .value_name = "PASSWORD",
        .file_value_name = "FILE",
        .summary = "the persistent parent's password",
        .file_summary = FILE_SUMMARY,
        .noun = "the parent's password",
    },
    [CLI_SECRET_OWNER] = {
        .name = "ownerpassword",
        .file_name = "ownerpassword_file",
        .value_name = "PASSWORD",
        .file_value_name = "FILE",
        .summary = "the owner hierarchy's password",
        .file_summary = FILE_SUMMARY,
        .noun = "the owner password",
        .hierarchy = TPMC_HIERARCHY_OWNER,
    },
    [CLI_SECRET_ENDORSEMENT] = {
        .name = "endorsement_password",
        .file_name = "endorsement_password_file",
        .value_name = "PASSWORD",
        .file_value_name = "FILE",
        .summary = "the endorsement hierarchy's password",
        .file_summary = FILE_SUMMARY,
        .noun = "the endorsement password",
        .hierarchy = TPMC_HIERARCHY_ENDORSEMENT,
    },
    [CLI_SECRET_PLATFORM] = {
        .name = "platform_password",
        .file_name = "platform_password_file",
        .value_name = "PASSWORD",
        .file_value_name = "FILE",
        .summary = "the platform hierarchy's password",
        .file_summary = FILE_SUMMARY,
        .noun = "the platform password",
        .hierarchy = TPMC_HIERARCHY_PLATFORM,
    },
    [CLI_SECRET_ENTITY] = {
        .name = "entity_password",
        .file_name = "entity_password_file",
        .value_name = "HANDLE=PASSWORD",
        .file_value_name = "HANDLE=FILE",
        .summary = "the password of an NV index 0x01xxxxxx or a persistent object 0x81xxxxxx that "
                   "the key's policy asks for",
        .file_summary = "a file for it; its first line is that password, - is standard input",
    },
};

const cli_secret_flag *cli_secret_flag_of(size_t id)
{
    return id < CLI_SECRET_FLAG_COUNT ? &flags[id] : NULL;
}

void cli_wipe(void *data, size_t len)
{
    volatile unsigned char *byte = data;

    while (len-- > 0)
        *byte++ = 0;
}

int cli_secret_take(cli_secret *secret, char *text)
{
    size_t len = strlen(text);

    if (len > CLI_SECRET_MAX) {
        cli_wipe(text, len);
        cli_message("a password is longer than %d bytes", CLI_SECRET_MAX);
        return CLI_USAGE;
    }
    memcpy(secret->bytes, text, len);
    secret->len = len;
    secret->is_given = 1;
    cli_wipe(text, len);
    return CLI_OK;
}

/* The end of the first line among `len` bytes, or `len`. */
static size_t line_length(const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);

    if (end == NULL)
        return len;
    len = (size_t)(end - bytes);
    return len > 0 && bytes[len - 1] == '\r' ? len - 1 : len;
}

/* Reads up to the end of the first line, of the file, or of the room there is. */
static int read_line(cli_secret *secret, int fd, const char *noun)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0 && len < CLI_SECRET_MAX && memchr(secret->bytes, '\n', len) == NULL) {
        got = read(fd, secret->bytes + len, CLI_SECRET_MAX - len);
        if (got < 0 && (errno != EINTR || cli_stop_requested())) {
            cli_message("cannot read %s: %s", noun,
                        cli_stop_requested() ? "stopped by a signal" : strerror(errno));
            return CLI_FAILED;
        }
        len += got > 0 ? (size_t)got : 0;
    }
    secret->len = line_length(secret->bytes, len);
    if (secret->len == CLI_SECRET_MAX) {
        cli_message("%s is longer than a line of %d bytes", noun, CLI_SECRET_MAX - 1);
        return CLI_FAILED;
    }
    if (len == 0) {
        cli_message("there is no line to read %s from; an empty line means an empty password",
                    noun);
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int ask(cli_secret *secret, int fd, const char *noun)
{
    struct termios shown;
    struct termios hidden;
    int status;

    if (tcgetattr(fd, &shown) != 0)
        return read_line(secret, fd, noun);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSANOW, &hidden);
    (void)fprintf(stderr, "Type %s: ", noun);
    status = read_line(secret, fd, noun);
    (void)fputc('\n', stderr);
    (void)tcsetattr(fd, TCSANOW, &shown);
    return status;
}

int cli_secret_read(cli_secret *secret, const char *noun)
{
    int fd = STDIN_FILENO;
    int status;

    if (secret->path == NULL)
        return CLI_OK;
    if (strcmp(secret->path, "-") != 0)
        fd = open(secret->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        cli_message("cannot open '%s' to read %s: %s", secret->path, noun, strerror(errno));
        return CLI_FAILED;
    }
    status = ask(secret, fd, noun);
    if (fd != STDIN_FILENO)
        (void)close(fd);
    secret->path = NULL;
    return status;
}
