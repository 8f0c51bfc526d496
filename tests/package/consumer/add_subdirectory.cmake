# SPDX-License-Identifier: MIT
add_subdirectory(tessera)
