# Optional speed-ups of the build: a compiler cache and a fast linker, used where they are installed.
find_program(ALBERT_CCACHE ccache)
if(ALBERT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header is hashed by content; two clones share the cache because paths are relative to the source folder.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ALBERT_CCACHE})
endif()

find_program(ALBERT_MOLD mold)
if(ALBERT_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  # Without separate-code mold 1.10 (Debian 12) lets the pages that become read-only after relocation begin inside the code when the first of
  # them is an unaligned .tbss; such a program does not start (tests/structure/check_programs.py looks at every program).
  add_link_options(-fuse-ld=mold -Wl,-z,separate-code)
endif()
