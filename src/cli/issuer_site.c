/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issuer_site.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/message.h"
#include "cli/output_file.h"

#define PATH_SIZE 4096
#define DIRECTORY_MODE 0755

static const char folder[] = ".well-known";
static const char jwks_name[] = "jwks.json";
static const char discovery_name[] = "openid-configuration"; /* the longest one */

static int make_directory(const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) == 0 || errno == EEXIST)
        return CLI_OK;
    cli_message("cannot make the directory '%s': %s", path, strerror(errno));
    return CLI_FAILED;
}

static int make_directories(const char *out)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof(path), "%s/%s", out, folder);
    int status;

    if (len < 0 || (size_t)len >= sizeof(path) - sizeof("/") - sizeof(discovery_name)) {
        cli_message("the path in --out is too long");
        return CLI_USAGE;
    }
    status = make_directory(out);
    return status == CLI_OK ? make_directory(path) : status;
}

static int write_document(const char *out, const char *name, const tpmc_bytes *document)
{
    char path[PATH_SIZE];
    cli_output output;
    int status;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", out, folder, name);
    status = cli_output_open(&output, path, CLI_OUTPUT_PUBLISH);
    if (status == CLI_OK)
        status = cli_output_write(&output, tpmc_bytes_data(document), tpmc_bytes_len(document));
    cli_output_close(&output);
    return status;
}

int cli_issuer_site_write(cli_args *args, int (*make)(cli_args *args, cli_issuer_site *out))
{
    const char *out = cli_args_text(args, "out");
    cli_issuer_site site = { NULL, NULL };
    int status = make(args, &site);

    if (status == CLI_OK)
        status = make_directories(out);
    if (status == CLI_OK)
        status = write_document(out, jwks_name, site.jwks);
    if (status == CLI_OK)
        status = write_document(out, discovery_name, site.discovery);
    tpmc_bytes_free(site.jwks);
    tpmc_bytes_free(site.discovery);
    return status;
}

const cli_own_flag cli_issuer_site_flags[CLI_ISSUER_SITE_FLAG_COUNT] = {
    { "out", TPMC_OPTION_TEXT, "DIR", NULL, NULL, 1,
      "directory that becomes the root of the issuer; it is made where it is missing" },
};
