/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/stop_signal.h"

#define FILE_MODE (S_IRUSR | S_IWUSR)
#define PUBLIC_FILE_MODE (FILE_MODE | S_IRGRP | S_IROTH)
#define TEMPORARY_NAME_MAX 64
#define TEMPORARY_TRIES 100

static int refuse(const cli_output *output, const char *what)
{
    cli_message("cannot write '%s': %s", output->path, what);
    return CLI_FAILED;
}

/* Makes an empty file of a new name in the directory; -1 with errno. */
static int create_temporary(const cli_output *output, char name[TEMPORARY_NAME_MAX])
{
    int fd = -1;
    unsigned i;

    errno = EEXIST;
    for (i = 0; fd < 0 && errno == EEXIST && i < TEMPORARY_TRIES; i++) {
        (void)snprintf(name, TEMPORARY_NAME_MAX, ".tpmcloud-%ld-%u.tmp", (long)getpid(), i);
        fd = openat(output->directory, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, FILE_MODE);
    }
    return fd;
}

static int probe_directory(cli_output *output)
{
    char name[TEMPORARY_NAME_MAX];
    sigset_t former;
    int reason;
    int fd;

    cli_stop_hold(&former);
    fd = create_temporary(output, name);
    reason = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlinkat(output->directory, name, 0);
    }
    cli_stop_resume(&former);
    return fd >= 0 ? CLI_OK : refuse(output, strerror(reason));
}

static int open_directory(cli_output *output)
{
    const char *slash = strrchr(output->path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - output->path);
    char *name;

    output->base = slash == NULL ? output->path : slash + 1;
    name = slash == NULL ? strdup(".") : strndup(output->path, len == 0 ? 1 : len);
    if (name == NULL)
        return cli_no_memory();
    output->directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(name);
    if (output->directory < 0)
        return refuse(output, strerror(errno));
    return probe_directory(output);
}

static int open_device(cli_output *output)
{
    output->fd = open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (output->fd < 0)
        return refuse(output, strerror(errno));
    return CLI_OK;
}

/* A device or pipe is written to, directly or through a link such as /dev/stdout; another link is
 * refused, since replacing it and following it would both surprise somebody. */
static int open_existing(cli_output *output, mode_t kind)
{
    struct stat target;

    if (S_ISLNK(kind)) {
        if (stat(output->path, &target) != 0 || S_ISREG(target.st_mode))
            return refuse(output, "it is a symbolic link; give the path of the file itself");
        kind = target.st_mode;
    }
    if (S_ISDIR(kind))
        return refuse(output, "it is a directory");
    if (!S_ISREG(kind))
        return open_device(output);
    if (output->mode == CLI_OUTPUT_KEEP)
        return refuse(output, "the file exists; choose another name, or replace it with --force");
    return open_directory(output);
}

int cli_output_open(cli_output *output, const char *path, cli_output_mode mode)
{
    struct stat status;

    memset(output, 0, sizeof(*output));
    output->path = path;
    output->mode = mode;
    output->fd = -1;
    output->directory = -1;
    if (path == NULL || strcmp(path, "-") == 0) {
        output->path = "standard output";
        output->fd = STDOUT_FILENO;
        return CLI_OK;
    }
    if (lstat(path, &status) == 0)
        return open_existing(output, status.st_mode);
    if (errno != ENOENT)
        return refuse(output, strerror(errno));
    if (path[0] == '\0' || path[strlen(path) - 1] == '/')
        return refuse(output, "it does not name a file");
    return open_directory(output);
}

static int write_all(const cli_output *output, int fd, const void *data, size_t len)
{
    const char *bytes = data;
    size_t done = 0;
    ssize_t put;

    while (done < len) {
        put = write(fd, bytes + done, len - done);
        if (put < 0 && errno == EINTR && !cli_stop_requested())
            continue;
        if (put < 0)
            return refuse(output, cli_stop_requested() ? "stopped by a signal" : strerror(errno));
        done += (size_t)put;
    }
    return CLI_OK;
}

/* Some file systems have nothing to flush; they answer EINVAL. */
static int flush_to_disk(const cli_output *output, int fd)
{
    if (fsync(fd) == 0 || errno == EINVAL)
        return CLI_OK;
    return refuse(output, strerror(errno));
}

static int fill_temporary(const cli_output *output, int fd, const void *data, size_t len)
{
    mode_t mode = output->mode == CLI_OUTPUT_PUBLISH ? PUBLIC_FILE_MODE : FILE_MODE;
    int status;

    /* A umask may have taken the owner's rights away. */
    status = fchmod(fd, mode) == 0 ? CLI_OK : refuse(output, strerror(errno));
    if (status == CLI_OK)
        status = write_all(output, fd, data, len);
    if (status == CLI_OK)
        status = flush_to_disk(output, fd);
    if (close(fd) != 0 && status == CLI_OK)
        status = refuse(output, strerror(errno));
    return status;
}

/* A hard link never replaces a file that appeared meanwhile; where there are none, rename() has to
 * do. */
static int place_new(const cli_output *output, const char *name)
{
    int directory = output->directory;
    struct stat status;

    if (linkat(directory, name, directory, output->base, 0) == 0) {
        (void)unlinkat(directory, name, 0);
        return CLI_OK;
    }
    if (errno == EEXIST || fstatat(directory, output->base, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return refuse(output, "a file of this name appeared meanwhile; it is left as it is");
    if (renameat(directory, name, directory, output->base) != 0)
        return refuse(output, strerror(errno));
    return CLI_OK;
}

static int place(const cli_output *output, const char *name)
{
    if (output->mode == CLI_OUTPUT_KEEP)
        return place_new(output, name);
    if (renameat(output->directory, name, output->directory, output->base) != 0)
        return refuse(output, strerror(errno));
    return CLI_OK;
}

static int write_file(const cli_output *output, const void *data, size_t len)
{
    char name[TEMPORARY_NAME_MAX];
    int status;
    int fd;

    fd = create_temporary(output, name);
    if (fd < 0)
        return refuse(output, strerror(errno));
    status = fill_temporary(output, fd, data, len);
    if (status == CLI_OK)
        status = place(output, name);
    if (status != CLI_OK) {
        (void)unlinkat(output->directory, name, 0);
        return status;
    }
    return flush_to_disk(output, output->directory);
}

int cli_output_write(const cli_output *output, const void *data, size_t len)
{
    sigset_t former;
    int status;

    if (cli_stop_requested())
        return refuse(output, "stopped by a signal");
    if (output->fd >= 0)
        return write_all(output, output->fd, data, len);
    cli_stop_hold(&former);
    status = write_file(output, data, len);
    cli_stop_resume(&former);
    return status;
}

void cli_output_close(cli_output *output)
{
    if (output->fd >= 0 && output->fd != STDOUT_FILENO)
        (void)close(output->fd);
    if (output->directory >= 0)
        (void)close(output->directory);
    output->fd = -1;
    output->directory = -1;
}

int cli_output_print(const void *data, size_t len)
{
    cli_output output;
    int status;

    status = cli_output_open(&output, NULL, CLI_OUTPUT_REPLACE);
    if (status == CLI_OK)
        status = cli_output_write(&output, data, len);
    cli_output_close(&output);
    return status;
}
