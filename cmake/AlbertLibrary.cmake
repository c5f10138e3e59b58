# albert_add_library(NAME folder SOURCES ... [DEPENDS albert::x ...] [PRIVATE_DEPENDS ...] [TORCH])
#   One static library per folder of src/, target albert_<folder>, alias albert::<folder>.
#   TORCH: the folder uses tensors; it shares one precompiled header of LibTorch.
# albert_add_test(NAME name FOLDER folder SOURCES ... [DEPENDS ...] [LABELS unit] [TORCH] [TIMEOUT seconds])
#   One GoogleTest binary; every TEST becomes a CTest test.
include(GoogleTest)

# Tests are run a few times only: what the optimiser would save in their run costs more in its own.
set(ALBERT_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

function(albert_common_properties target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:albert_warnings>)
endfunction()

# LibTorch's headers cost 5 to 12 s a file; the precompiled header is made once and reused by every folder that uses tensors. Tests have
# the same with GoogleMock (2 s a file) behind it, and one of GoogleMock alone. The targets stand here, at the top, so that their paths
# inside the build folder, and with them what the compiler cache sees, are the same in all presets.
function(albert_add_precompiled_header target)
  cmake_parse_arguments(ARG "" "" "LINK;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${target}.cpp CONTENT "")  # leaves the file alone when it is there
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/${target}.cpp)
  albert_common_properties(${target})
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
  target_precompile_headers(${target} PRIVATE ${ARG_HEADERS})
endfunction()

albert_add_precompiled_header(albert_torch_pch LINK albert::torch HEADERS ${PROJECT_SOURCE_DIR}/cmake/torch_pch.h)
if(ALBERT_TESTS)
  find_package(GTest REQUIRED)
  albert_add_precompiled_header(albert_test_pch LINK GTest::gmock HEADERS <gmock/gmock.h>)
  albert_add_precompiled_header(albert_test_torch_pch LINK albert::torch GTest::gmock
    HEADERS ${PROJECT_SOURCE_DIR}/cmake/torch_pch.h <gmock/gmock.h>)
  foreach(target albert_test_pch albert_test_torch_pch)
    target_compile_options(${target} PRIVATE ${ALBERT_TEST_OPTIONS})
  endforeach()
endif()

function(albert_reuse_precompiled_header target header)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # CMake would compile with -fPIE, which a header precompiled with -fPIC does not fit.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${header})
endfunction()

function(albert_use_torch target)
  albert_reuse_precompiled_header(${target} albert_torch_pch)
endfunction()

function(albert_add_library folder)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(albert_${folder} STATIC ${ARG_SOURCES})
  add_library(albert::${folder} ALIAS albert_${folder})
  albert_common_properties(albert_${folder})
  target_link_libraries(albert_${folder} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  if(ARG_TORCH)
    target_link_libraries(albert_${folder} PUBLIC albert::torch)
    albert_use_torch(albert_${folder})
  endif()
endfunction()

# Builds every test that needs a GPU.
add_custom_target(albert_gpu_tests)

function(albert_add_test name)
  cmake_parse_arguments(ARG "TORCH" "FOLDER;LABELS;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  albert_common_properties(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_options(${name} PRIVATE ${ALBERT_TEST_OPTIONS})
  target_compile_definitions(${name} PRIVATE ALBERT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ALBERT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE albert::torch)
    albert_reuse_precompiled_header(${name} albert_test_torch_pch)
  else()
    albert_reuse_precompiled_header(${name} albert_test_pch)
  endif()
  if("gpu" IN_LIST ARG_LABELS)
    add_dependencies(albert_gpu_tests ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
