# Warnings of our own code. Linked PRIVATE and never exported, so that they do not reach the users of the library.
add_library(albert_warnings INTERFACE)
target_compile_options(albert_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual>
  # nvcc hands generated code to the host compiler, which -Wpedantic and -Wold-style-cast would blame.
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow>)
if(ALBERT_WARNINGS_AS_ERRORS)
  target_compile_options(albert_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:SHELL:--Werror=all-warnings -Xcompiler=-Werror>)
endif()
if(ALBERT_SANITIZE)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>")
  add_link_options(-fsanitize=address,undefined)
endif()
# __FILE__ in error texts is relative to the source folder: no path of the machine that built it (and the compiler cache serves all clones).
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>)
