# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Configures the project with Meson and runs its tests.
file(REMOVE_RECURSE "${scratch}")
set(ENV{CXX} "${compiler}")
foreach(step IN ITEMS "setup;${scratch};${source}" "test;-C;${scratch}")
  execute_process(COMMAND "${meson}" ${step} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "meson ${step}\n${output}")
  endif()
endforeach()
