// Random damage to the bytes of a `spiece.model`.
#pragma once

#include <string>

#include "albert/base/random.h"

namespace albert::testing {

/// One to four changes: bits, bytes, pieces left out, put in or doubled, a cut.
std::string mutated(std::string bytes, RandomStream& random);

}  // namespace albert::testing
