# SPDX-License-Identifier: MIT
find_package(tessera 0.1 REQUIRED)
