# SPDX-License-Identifier: MIT
# The command driven by a script, one test for each group of its cases. examples/cli/CMakeLists.txt includes this.
if(WIN32)
  set(groups windows)
else()
  set(groups usage files values run_ stop wasi modules features wast terminal)
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TESSERA_CAN_LINK_STATICALLY AND NOT TESSERA_SANITIZE)
    list(APPEND groups startup)
  endif()
endif()
foreach(group IN LISTS groups)
  add_test(NAME cli/${group} COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/check.py" ${CMAKE_CROSSCOMPILING_EMULATOR}
    $<TARGET_FILE:tessera_cli> ${group})
  set_tests_properties(cli/${group} PROPERTIES LABELS cli TIMEOUT 300)
endforeach()
