# LibTorch as the interface target albert::torch.
#
# Searched in this order: -DLIBTORCH=... or the environment's LIBTORCH, CMAKE_PREFIX_PATH, the cache that scripts/setup.sh fills.
# find_package(Torch) is not used: the wheel's package file stops where no CUDA toolkit is installed, which is most users.
#
# Only libtorch_cpu and libc10 are linked; where a program is asked for a CUDA device it loads libtorch_cuda at run time
# (src/model/device.cpp). So one binary serves machines with and without a GPU.
#
# Installed with the libraries: find_package(albert) finds LibTorch by this file, too.
if(TARGET albert::torch)
  return()  # a second find_package(albert) in one folder
endif()
set(ALBERT_TORCH_VERSION 2.15.0)
set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "Folder of LibTorch (it holds include/ and lib/)")
if(DEFINED ENV{ALBERT_LIBTORCH_CACHE})
  set(albert_torch_cache "$ENV{ALBERT_LIBTORCH_CACHE}")
else()
  set(albert_torch_cache "$ENV{HOME}/.cache/albert")
endif()

# torch.utils.cmake_prefix_path names torch/share/cmake.
string(REPLACE ":" ";" albert_torch_prefixes "${CMAKE_PREFIX_PATH};$ENV{CMAKE_PREFIX_PATH}")
list(TRANSFORM albert_torch_prefixes APPEND /../../include)
find_path(ALBERT_TORCH_INCLUDE ATen/ATen.h
  HINTS ${LIBTORCH}/include ${LIBTORCH}/torch/include ${albert_torch_prefixes}
  PATHS ${albert_torch_cache}/libtorch-${ALBERT_TORCH_VERSION}/torch/include
  PATH_SUFFIXES include torch/include)
if(NOT ALBERT_TORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch not found. Run scripts/setup.sh, or pass -DLIBTORCH=/path/to/libtorch (the folder that holds include/ and lib/).")
endif()
get_filename_component(albert_torch_root ${ALBERT_TORCH_INCLUDE} REALPATH)
get_filename_component(albert_torch_root ${albert_torch_root} DIRECTORY)
find_library(ALBERT_TORCH_CPU torch_cpu HINTS ${albert_torch_root}/lib NO_DEFAULT_PATH REQUIRED)
find_library(ALBERT_C10 c10 HINTS ${albert_torch_root}/lib NO_DEFAULT_PATH REQUIRED)

set(albert_torch_version_header ${ALBERT_TORCH_INCLUDE}/torch/headeronly/version.h)
if(NOT EXISTS ${albert_torch_version_header})
  set(albert_torch_version_header ${ALBERT_TORCH_INCLUDE}/torch/csrc/api/include/torch/version.h)
endif()
file(STRINGS ${albert_torch_version_header} albert_torch_version_lines
  REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*" "\\1.\\2" albert_torch_found "${albert_torch_version_lines}")
if(albert_torch_found VERSION_LESS 2.11 OR albert_torch_found VERSION_GREATER 2.15)
  message(WARNING "LibTorch ${albert_torch_found} in ${albert_torch_root}: tested are 2.11 to 2.15")
endif()
message(STATUS "LibTorch ${albert_torch_found}: ${albert_torch_root}")

# Imported, so that the exported libraries name it and do not carry its paths.
add_library(albert::torch INTERFACE IMPORTED)
# -idirafter, not -isystem: the wheel carries its own fmt, which must not shadow the system's.
target_compile_options(albert::torch INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-idirafter ${ALBERT_TORCH_INCLUDE}>"
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-idirafter ${ALBERT_TORCH_INCLUDE}/torch/csrc/api/include>"
  # The texts of LibTorch's checks name the header: not where it lies on the machine that compiled it.
  "$<$<COMPILE_LANGUAGE:CXX>:-fmacro-prefix-map=${albert_torch_root}/=libtorch/>")
# The libraries themselves end every link line, whatever the order of the targets on it: SentencePiece must come before LibTorch (both
# export FLAGS_minloglevel, 32 and 4 bytes: the first one wins, and SentencePiece would write over 28 bytes that are not its own).
# Programs without tensors do not get them: --as-needed, after libstdc++, some of whose templates LibTorch exports as well.
# tests/structure/check_programs.py checks both.
string(APPEND CMAKE_CXX_STANDARD_LIBRARIES " -lstdc++ -Wl,--push-state,--as-needed ${ALBERT_TORCH_CPU} ${ALBERT_C10} -Wl,--pop-state")
list(APPEND CMAKE_BUILD_RPATH ${albert_torch_root}/lib)

if(ALBERT_CUDA)
  include(${CMAKE_CURRENT_LIST_DIR}/AlbertCuda.cmake)
endif()
