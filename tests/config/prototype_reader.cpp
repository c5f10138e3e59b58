#include "prototype_reader.h"

namespace albert::prototype {

Prototype read(std::string_view text, const config::Overrides& overrides) {
  return config::parse_config<Prototype>(text, "c.yaml", overrides);
}

std::string error_of(std::string_view text, const config::Overrides& overrides) {
  try {
    (void)read(text, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace albert::prototype
