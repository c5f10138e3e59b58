// The version of this build.
#pragma once

#include <string_view>

namespace albert::cli {

/// Of the CMake project, for example "0.1.0".
std::string_view version();

}  // namespace albert::cli
