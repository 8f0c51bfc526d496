# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Builds and runs tests/package/consumer against the library, as `way`: find_package on an installed
# copy, or add_subdirectory on the source.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${scratch}")
set(flags -G "${generator}" "-DCMAKE_CXX_COMPILER=${compiler}" -DCMAKE_BUILD_TYPE=None "-DTESSERA_SINGLE_HEADER=${single}")
if(way STREQUAL "find_package")
  run("${CMAKE_COMMAND}" --install "${build}" --prefix "${scratch}/prefix")
  list(APPEND flags "-DCMAKE_PREFIX_PATH=${scratch}/prefix")
else()
  list(APPEND flags "-Dtessera_source=${source}")
endif()
run("${CMAKE_COMMAND}" -S "${source}/tests/package/consumer" -B "${scratch}/build" ${flags})
run("${CMAKE_COMMAND}" --build "${scratch}/build")
run("${scratch}/build/consumer")
