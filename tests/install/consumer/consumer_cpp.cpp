/* SPDX-License-Identifier: Apache-2.0 */
#include <iostream>
#include <memory>

#include "tpmcloud/tpmcloud.h"

int main()
{
    tpmc_env *made = nullptr;
    int result = tpmc_env_new(&made, nullptr);
    std::unique_ptr<tpmc_env, decltype(&tpmc_env_free)> env(made, tpmc_env_free);

    std::cout << tpmc_version() << ": " << result << "\n";
    return result == 0 && tpmc_has(TPMC_MODULE_TPMKEY) == 1 ? 0 : 1;
}
