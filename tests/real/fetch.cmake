# SPDX-License-Identifier: MIT
# Fetches the npm package undici 5.28.4, whose HTTP parser is a WebAssembly module, into `folder`.
set(module "${folder}/package/lib/llhttp/llhttp.wasm")
set(digest ee82b848a5ca8e9f99fda109e59bbc20193d049a7f6bff93f4130cba5b68261c)

if(NOT EXISTS "${module}")
  find_program(npm npm)
  if(NOT npm)
    message("skipped: npm is not installed")
    return()
  endif()
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND "${npm}" pack --silent undici@5.28.4 WORKING_DIRECTORY "${folder}" TIMEOUT 90
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message("skipped: npm cannot fetch undici 5.28.4")
    return()
  endif()
  file(ARCHIVE_EXTRACT INPUT "${folder}/undici-5.28.4.tgz" DESTINATION "${folder}" PATTERNS "package/lib/llhttp/*.wasm")
endif()
file(SHA256 "${module}" found)
if(NOT found STREQUAL digest)
  message("failed: ${module} is not the module this test knows")
endif()
