# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Runs `command` and compares what it writes with the file `expected`; it has to return `status` or 0.
list(REMOVE_ITEM command "")
execute_process(COMMAND ${command} RESULT_VARIABLE returned OUTPUT_VARIABLE output ERROR_VARIABLE output ENCODING NONE)
file(READ "${expected}" wanted)
string(REPLACE "\r\n" "\n" output "${output}")
if(NOT returned EQUAL "${status}" AND NOT (returned EQUAL 0 AND "${status}" STREQUAL ""))
  message(FATAL_ERROR "returned ${returned}\n${output}")
endif()
if(NOT output STREQUAL wanted)
  message(FATAL_ERROR "wrote\n${output}\ninstead of\n${wanted}")
endif()
