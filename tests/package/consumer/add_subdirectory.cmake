add_subdirectory(tessera)
