/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <tpmcloud/tpmcloud.h>

/* Makes a key inside the TPM, writes its key file, and prints a request for its certificate. */

static int put_file(const char *path, const tpmc_bytes *content)
{
    FILE *file = fopen(path, "wx");
    size_t len = tpmc_bytes_len(content);
    int failed = file == NULL || fwrite(tpmc_bytes_data(content), 1, len, file) != len;

    if (file != NULL)
        failed |= fclose(file);
    if (failed)
        fprintf(stderr, "cannot write %s\n", path);
    return failed;
}

static int make_key(tpmc_env *env, tpmc_tpm *tpm, tpmc_bytes **pem, tpmc_error *err)
{
    tpmc_key_template *template = NULL;
    int failed = tpmc_key_template_new(env, &template, err) ||
                 tpmc_key_template_set(template, "algorithm", "ecc256", err) ||
                 tpmc_key_create(tpm, template, pem, err);

    tpmc_key_template_free(template);
    return failed;
}

int main(int argc, char **argv)
{
    tpmc_error *err = NULL;
    tpmc_env *env = NULL;
    tpmc_tpm *tpm = NULL;
    tpmc_key *key = NULL;
    tpmc_bytes *pem = NULL;
    tpmc_bytes *csr = NULL;
    int failed;

    if (argc < 3) {
        fprintf(stderr, "usage: device_identity NEW-KEYFILE SUBJECT [TCTI]\n");
        return 2;
    }
    failed = tpmc_error_new(&err) || tpmc_env_new(&env, err) || tpmc_tpm_new(env, &tpm, err) ||
             tpmc_tpm_set(tpm, "tcti", argv[3], err) || make_key(env, tpm, &pem, err) ||
             tpmc_key_new(tpm, &key, err) ||
             tpmc_key_set_pem(key, tpmc_bytes_data(pem), tpmc_bytes_len(pem), err) ||
             tpmc_key_make_csr(key, NULL, argv[2], &csr, err);
    if (failed)
        fprintf(stderr, "%s\n", tpmc_error_text(err));
    else
        failed = put_file(argv[1], pem) || fwrite(tpmc_bytes_data(csr), 1, tpmc_bytes_len(csr),
                                                  stdout) != tpmc_bytes_len(csr);
    tpmc_bytes_free(csr);
    tpmc_bytes_free(pem);
    tpmc_key_free(key);
    tpmc_tpm_free(tpm);
    tpmc_env_free(env);
    tpmc_error_free(err);
    return failed;
}
