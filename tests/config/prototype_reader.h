// Reading the prototype, compiled once.
#pragma once

#include <albert/config/yaml_reader.h>

#include <string>
#include <string_view>

#include "prototype.h"

namespace albert::prototype {

/// The file is called "c.yaml".
Prototype read(std::string_view text, const config::Overrides& overrides = {});
/// The text of the ConfigError; "no error" when there is none.
std::string error_of(std::string_view text, const config::Overrides& overrides = {});

}  // namespace albert::prototype
