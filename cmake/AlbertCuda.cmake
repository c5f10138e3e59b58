# The CUDA toolkit: the language for our kernels, and LibTorch's CUDA part as imported targets.
#   albert::c10_cuda    streams, guards and the run-time library: what the kernels' callers link. It is there in every LibTorch with
#                       CUDA, also on machines without a GPU, so programs that link it still start everywhere.
#   albert::torch_cuda  libtorch_cuda, forced in: for tests only. Programs load it when a CUDA device is asked for.
# Kernels (.cu) see no header of LibTorch; so neither its version nor its flags matter to nvcc.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(ALBERT_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin PATHS /usr/local/cuda/bin)
  if(NOT ALBERT_NVCC)
    message(FATAL_ERROR "ALBERT_CUDA is on, but there is no nvcc in PATH or CUDA_HOME. Install the CUDA toolkit, or use the preset `release`: it runs on GPUs, too, with ATen's operators.")
  endif()
  set(CMAKE_CUDA_COMPILER ${ALBERT_NVCC})
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual)  # A100, H100, and PTX for what comes after
endif()
if(ALBERT_CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
enable_language(CUDA)
# After enable_language, whose own trial programs know neither.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # LibTorch's own is linked below: two copies would not share a context
set(CMAKE_CUDA_STANDARD 17)  # all that CMake 3.25 knows for nvcc; kernels include no C++20 header
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
find_package(CUDAToolkit REQUIRED)

find_library(ALBERT_TORCH_CUDA torch_cuda HINTS ${albert_torch_root}/lib NO_DEFAULT_PATH)
find_library(ALBERT_C10_CUDA c10_cuda HINTS ${albert_torch_root}/lib NO_DEFAULT_PATH)
if(NOT ALBERT_TORCH_CUDA OR NOT ALBERT_C10_CUDA)
  message(FATAL_ERROR "ALBERT_CUDA is on, but the LibTorch in ${albert_torch_root} has no CUDA part. Use one that has, or the preset `release`.")
endif()
# The wheel keeps the run-time library beside the torch folder, without the short name that -lcudart looks for.
file(GLOB albert_cudart ${albert_torch_root}/lib/libcudart*.so.${CUDAToolkit_VERSION_MAJOR}
  ${albert_torch_root}/../nvidia/cu${CUDAToolkit_VERSION_MAJOR}/lib/libcudart.so.${CUDAToolkit_VERSION_MAJOR})
if(albert_cudart)
  list(GET albert_cudart 0 albert_cudart)
  get_filename_component(albert_cudart_folder ${albert_cudart} DIRECTORY)
else()
  set(albert_cudart ${CUDA_cudart_LIBRARY})
  get_filename_component(albert_cudart_folder ${albert_cudart} DIRECTORY)
endif()
message(STATUS "CUDA ${CUDAToolkit_VERSION}, run-time library ${albert_cudart}")

list(APPEND CMAKE_BUILD_RPATH ${albert_cudart_folder})
add_library(albert::c10_cuda INTERFACE IMPORTED)
target_include_directories(albert::c10_cuda SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(albert::c10_cuda INTERFACE ${ALBERT_C10_CUDA} ${albert_cudart})

add_library(albert::torch_cuda INTERFACE IMPORTED)
# Nothing refers to it by name (its operators register themselves), and cuBLAS and others may be missing where it is only linked.
target_link_libraries(albert::torch_cuda INTERFACE
  -Wl,--no-as-needed ${ALBERT_TORCH_CUDA} -Wl,--as-needed -Wl,--allow-shlib-undefined albert::c10_cuda)
