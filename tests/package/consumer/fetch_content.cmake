# SPDX-License-Identifier: MIT
include(FetchContent)
FetchContent_Declare(tessera
  URL ${TESSERA_RELEASE}/tessera-0.1.0.tar.gz
  URL_HASH SHA256=${TESSERA_SHA256})
FetchContent_MakeAvailable(tessera)
