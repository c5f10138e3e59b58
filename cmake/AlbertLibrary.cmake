# albert_add_library(folder [SOURCES ...] [TENSOR_SOURCES ...] [TORCH_SOURCES ...] [DEPENDS albert::x ...] [PRIVATE_DEPENDS ...])
#   One static library per folder of src/, target albert_<folder>, alias albert::<folder>; installed (cmake/AlbertInstall.cmake).
# albert_add_test(name [SOURCES ...] [TORCH_SOURCES ...] [DEPENDS ...] [LABELS unit] [TIMEOUT seconds])
# albert_add_long_fuzz(test suite count)
#   One GoogleTest binary; every TEST becomes a CTest test.
#
# Sources are listed by the precompiled header that they get, which decides how long they take to compile and nothing else:
#   SOURCES         no header of LibTorch, neither directly nor through another header
#   TENSOR_SOURCES  tensors (ATen)
#   TORCH_SOURCES   modules or autograd; for tests: anything of LibTorch
include(GoogleTest)

# Tests are run a few times only: what the optimiser would save in their run costs more in its own.
set(ALBERT_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

function(albert_common_properties target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:albert_warnings>)
endfunction()

# GCC makes the template instantiations that a header's inline functions need in every file that includes it, precompiled or not: 0.3 s a
# file for the standard library and fmt, 2 s for ATen, 5 s for modules. So there is a header for each. The targets stand here, at the top,
# so that their paths inside the build folder, and with them what the compiler cache sees, are the same in all presets.
function(albert_add_precompiled_header target)
  cmake_parse_arguments(ARG "" "" "LINK;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${target}.cpp CONTENT "")  # leaves the file alone when it is there
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/${target}.cpp)
  albert_common_properties(${target})
  target_link_libraries(${target} PRIVATE spdlog::spdlog ${ARG_LINK})  # spdlog decides how fmt is used
  target_precompile_headers(${target} PRIVATE ${ARG_HEADERS})
endfunction()

set(albert_pch ${PROJECT_SOURCE_DIR}/cmake)
albert_add_precompiled_header(albert_base_pch HEADERS ${albert_pch}/base_pch.h)
albert_add_precompiled_header(albert_tensor_pch LINK albert::torch HEADERS ${albert_pch}/tensor_pch.h)
albert_add_precompiled_header(albert_torch_pch LINK albert::torch HEADERS ${albert_pch}/torch_pch.h)
if(ALBERT_TESTS)
  find_package(GTest REQUIRED)
  albert_add_precompiled_header(albert_test_base_pch LINK GTest::gmock HEADERS ${albert_pch}/base_pch.h <gmock/gmock.h>)
  albert_add_precompiled_header(albert_test_torch_pch LINK albert::torch GTest::gmock HEADERS ${albert_pch}/torch_pch.h <gmock/gmock.h>)
  foreach(target albert_test_base_pch albert_test_torch_pch)
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

# Compiles the sources of the kinds base, tensor and torch (${ARG_SOURCES}, ...) into the target. A target has one precompiled header, so all kinds
# but the first are compiled by object libraries TARGET_KIND with the same options.
macro(albert_add_sources target prefix)
  set(own_sources yes)
  foreach(kind base tensor torch)
    string(TOUPPER "${kind}_SOURCES" list)
    string(REPLACE "BASE_" "" list ${list})
    if(ARG_${list})
      if(own_sources)
        target_sources(${target} PRIVATE ${ARG_${list}})
        set(part ${target})
        set(own_sources no)
      else()
        set(part ${target}_${kind})
        add_library(${part} OBJECT ${ARG_${list}})
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
      endif()
      list(APPEND parts ${part})
      albert_common_properties(${part})
      albert_reuse_precompiled_header(${part} ${prefix}_${kind}_pch)
    endif()
  endforeach()
endmacro()

function(albert_add_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;TENSOR_SOURCES;TORCH_SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(albert_${folder} STATIC)
  add_library(albert::${folder} ALIAS albert_${folder})
  if(ARG_TENSOR_SOURCES OR ARG_TORCH_SOURCES)
    list(APPEND ARG_DEPENDS albert::torch)
  endif()
  albert_add_sources(albert_${folder} albert)
  foreach(part ${parts})
    target_link_libraries(${part} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  endforeach()
  albert_install_library(${folder})
endfunction()

# Builds every test that needs a GPU.
add_custom_target(albert_gpu_tests)

function(albert_add_test name)
  cmake_parse_arguments(ARG "" "LABELS;TIMEOUT" "SOURCES;TORCH_SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(ARG_TORCH_SOURCES)
    list(APPEND ARG_DEPENDS albert::torch)
  endif()
  add_executable(${name})
  albert_add_sources(${name} albert_test)
  foreach(part ${parts})
    target_include_directories(${part} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_options(${part} PRIVATE ${ALBERT_TEST_OPTIONS})
    target_compile_definitions(${part} PRIVATE ALBERT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ALBERT_BINARY_DIR="${PROJECT_BINARY_DIR}")
    target_link_libraries(${part} PRIVATE ${ARG_DEPENDS} GTest::gmock)
    # Four files compiled as one make the instantiations that their headers ask for once. Names in them must differ.
    set_target_properties(${part} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  endforeach()
  target_link_libraries(${name} PRIVATE GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if("gpu" IN_LIST ARG_LABELS)
    add_dependencies(albert_gpu_tests ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# Runs RandomDamage... of a suite of a test again, under the label slow, on `count` files.
function(albert_add_long_fuzz test suite count)
  add_test(NAME fuzz.${suite} COMMAND ${test} --gtest_filter=${suite}.RandomDamage*)
  set_tests_properties(fuzz.${suite} PROPERTIES LABELS slow TIMEOUT 3600 ENVIRONMENT ALBERT_FUZZ_FILES=${count})
endfunction()
