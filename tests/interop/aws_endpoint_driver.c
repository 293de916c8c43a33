/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for aws_endpoints.py: lines "service region endpoint fips dual_stack use_global" with '-'
 * for what is not given become "url signing_region" or "error". */
#include <stdio.h>
#include <string.h>

#include "proto/aws_endpoint.h"

static const char *given(const char *word)
{
    return strcmp(word, "-") == 0 ? NULL : word;
}

static void answer(const tpmc__aws_endpoint_request *request)
{
    static tpmc__aws_endpoint found;

    if (tpmc__aws_endpoint_find(request, &found, NULL) != 0)
        (void)puts("error");
    else
        (void)printf("%s %s\n", found.url, found.signing_region);
}

int main(void)
{
    char line[1024];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[6] = { NULL };
        char *rest = NULL;
        char *word = strtok_r(line, " \n", &rest);

        for (int i = 0; i < 6 && word != NULL; i++, word = strtok_r(NULL, " \n", &rest))
            words[i] = word;
        if (words[5] == NULL)
            return 2;
        answer(&(tpmc__aws_endpoint_request){ words[0], given(words[1]), given(words[2]),
                                              words[3][0] == '1', words[4][0] == '1',
                                              words[5][0] == '1' });
    }
    return 0;
}
