# SPDX-License-Identifier: MIT
# `trace` and `step`: by lines from a pipe, and in a real terminal. examples/cli/CMakeLists.txt includes this.
if(UNIX)
  foreach(group IN ITEMS trace lines terminal)
    add_test(NAME cli/step_${group} COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/step.py" $<TARGET_FILE:tessera_cli> ${group})
    set_tests_properties(cli/step_${group} PROPERTIES LABELS cli TIMEOUT 120)
  endforeach()
  if(NOT "$ENV{CI}" STREQUAL "true") # there its absence is a failure
    set_tests_properties(cli/step_terminal PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endif()
