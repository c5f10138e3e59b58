# Warnings of our own code. Linked PRIVATE and never exported, so that they do not reach the users of the library.
add_library(albert_warnings INTERFACE)
target_compile_options(albert_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
if(ALBERT_WARNINGS_AS_ERRORS)
  target_compile_options(albert_warnings INTERFACE -Werror)
endif()
if(ALBERT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
# __FILE__ in error texts is relative to the source folder: no path of the machine that built it (and the compiler cache serves all clones).
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
