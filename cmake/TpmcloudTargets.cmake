# SPDX-License-Identifier: Apache-2.0

# Flags of everything that is built here. They are private to each target: nothing reaches a parent project.
add_library(tpmc_flags INTERFACE)
target_compile_features(tpmc_flags INTERFACE c_std_11)
target_compile_definitions(tpmc_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(tpmc_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
                                            -Wmissing-prototypes -Wpointer-arith -Wundef -Wformat=2 -Wvla)
if(TPMCLOUD_WERROR)
  target_compile_options(tpmc_flags INTERFACE -Werror)
endif()
if(TPMCLOUD_SANITIZE)
  target_compile_options(tpmc_flags INTERFACE -fsanitize=${TPMCLOUD_SANITIZE} -fno-sanitize-recover=all
                                              -fno-omit-frame-pointer)
  target_link_options(tpmc_flags INTERFACE -fsanitize=${TPMCLOUD_SANITIZE})
endif()

# tpmc_add_folder(<folder> <source>...): one folder of src/ is one OBJECT library, tpmc_<folder>, whose objects go into the
# shared and the static library alike.
function(tpmc_add_folder folder)
  add_library(tpmc_${folder} OBJECT ${ARGN})
  set_target_properties(tpmc_${folder} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
                                                  C_STANDARD 11 C_EXTENSIONS OFF)
  target_include_directories(tpmc_${folder} PRIVATE ${tpmcloud_SOURCE_DIR}/src ${tpmcloud_SOURCE_DIR}/include
                                                    ${tpmcloud_BINARY_DIR}/include)
  target_link_libraries(tpmc_${folder} PRIVATE tpmc_flags OpenSSL::Crypto)
endfunction()
