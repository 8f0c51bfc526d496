# SPDX-License-Identifier: MIT
# Forgets what has been counted.
file(GLOB_RECURSE counts "${build}/*.gcda")
if(counts)
  file(REMOVE ${counts})
endif()
