#include <albert/cli/version.h>

#include "cli/version_generated.h"

namespace albert::cli {

std::string_view version() { return ALBERT_VERSION; }

}  // namespace albert::cli
