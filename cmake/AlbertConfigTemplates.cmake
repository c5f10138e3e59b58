# albert_write_config_templates(file)
#   Writes a C++ file that holds configs/pretrain/*.yaml and configs/finetune/*.yaml (recipes/config_templates.h), so that an installed
#   program needs no source tree. The folders are listed, not the files: a configuration that is added there is a template.
function(albert_write_config_templates file)
  set(entries "")
  set(names "")
  foreach(kind pretrain finetune)
    string(REPLACE "pretrain" "train" program ${kind})
    file(GLOB paths CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/configs/${kind}/*.yaml)
    list(SORT paths)
    foreach(path IN LISTS paths)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
      get_filename_component(name ${path} NAME_WLE)
      if(name IN_LIST names)
        message(FATAL_ERROR "${path}: two configurations are called ${name}; rename one, 'albert new' tells them by name")
      endif()
      list(APPEND names ${name})
      file(READ ${path} text)
      string(APPEND entries "    {\"${name}\", \"${program}\", R\"yaml-text(${text})yaml-text\"},\n")
    endforeach()
  endforeach()
  string(CONCAT content
    "// Made by cmake/AlbertConfigTemplates.cmake from configs/.\n"
    "#include <albert/recipes/config_templates.h>\n\n#include <array>\n\n"
    "namespace albert {\n\nstd::span<const ConfigTemplate> config_templates() {\n"
    "  static constexpr auto kTemplates = std::to_array<ConfigTemplate>({\n${entries}  });\n"
    "  return kTemplates;\n}\n\n}  // namespace albert\n")
  # Left alone where nothing has changed, so that nothing is compiled again.
  set(old "")
  if(EXISTS ${file})
    file(READ ${file} old)
  endif()
  if(NOT "${old}" STREQUAL "${content}")
    file(WRITE ${file} "${content}")
  endif()
endfunction()
