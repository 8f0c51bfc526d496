# SPDX-License-Identifier: MIT
CPMAddPackage(
  NAME tessera
  VERSION 0.1.0
  URL ${TESSERA_RELEASE}/tessera-0.1.0.tar.gz
  URL_HASH SHA256=${TESSERA_SHA256})
