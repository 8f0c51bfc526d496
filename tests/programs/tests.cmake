# SPDX-License-Identifier: MIT
# Real programs under the command: fetched or compiled when the tests run, skipped where that cannot be done.
# examples/cli/CMakeLists.txt includes this.
foreach(program IN ITEMS c cpp rust assemblyscript quickjs python yosys)
  add_test(NAME programs/${program} COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/run.py"
    $<TARGET_FILE:tessera_cli> $<TARGET_FILE:example_07_reactor> "${CMAKE_CURRENT_BINARY_DIR}/programs" ${program})
  set_tests_properties(programs/${program} PROPERTIES LABELS programs TIMEOUT 900 SKIP_REGULAR_EXPRESSION "^skipped: ")
endforeach()
