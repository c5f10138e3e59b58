# cmake --install: the programs (component `programs`), and what other projects need for find_package(albert) (component
# `development`; docs/library.md). As a part of another project nothing is installed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(albert_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/albert)

# Exports src/<folder>'s library as albert::<folder>.
function(albert_install_library folder)
  set_property(GLOBAL APPEND PROPERTY albert_libraries albert_${folder})
  set_target_properties(albert_${folder} PROPERTIES EXPORT_NAME ${folder})
  if(PROJECT_IS_TOP_LEVEL)
    install(TARGETS albert_${folder} EXPORT albert ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  endif()
endfunction()

# An installed program finds LibTorch where it was built with it; scripts/package.sh makes a folder that carries it. RPATH, not RUNPATH: it
# also serves what the libraries need in turn, and LibTorch is ours whatever LD_LIBRARY_PATH holds.
function(albert_install_program program)
  # The same in the build folder: CMake would pad the one for the other with ":", which the loader takes for the folder that one is in.
  set_target_properties(${program} PROPERTIES
    INSTALL_RPATH "${CMAKE_BUILD_RPATH}" INSTALL_RPATH_USE_LINK_PATH ON BUILD_WITH_INSTALL_RPATH ON)
  target_link_options(${program} PRIVATE -Wl,--disable-new-dtags)
  if(PROJECT_IS_TOP_LEVEL)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endfunction()

# albert::albert, which is all libraries, the headers and the package file. After the last albert_install_library.
function(albert_install_package)
  get_property(libraries GLOBAL PROPERTY albert_libraries)
  add_library(albert_albert INTERFACE)  # `albert` is a program
  add_library(albert::albert ALIAS albert_albert)
  set_target_properties(albert_albert PROPERTIES EXPORT_NAME albert)
  target_link_libraries(albert_albert INTERFACE ${libraries})
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  install(TARGETS albert_albert EXPORT albert)
  install(EXPORT albert NAMESPACE albert:: FILE albertTargets.cmake DESTINATION ${albert_package_folder} COMPONENT development)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/albert DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/albertConfig.cmake.in ${PROJECT_BINARY_DIR}/albertConfig.cmake
    INSTALL_DESTINATION ${albert_package_folder} NO_SET_AND_CHECK_MACRO)
  # Before 1.0 a minor version may change an interface.
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/albertConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES
    ${PROJECT_BINARY_DIR}/albertConfig.cmake ${PROJECT_BINARY_DIR}/albertConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/AlbertDependencies.cmake ${PROJECT_SOURCE_DIR}/cmake/AlbertLibTorch.cmake
    ${PROJECT_SOURCE_DIR}/cmake/AlbertCuda.cmake
    DESTINATION ${albert_package_folder} COMPONENT development)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
endfunction()
