// Files of safetensors with random damage, for tests that read foreign bytes.
#pragma once

#include <cstdint>
#include <string>

namespace albert::testing {

/// File number `index` of an endless series: a small valid file of which bytes, numbers, words or brackets were changed, doubled or
/// left out. Most headers still have the length that the file says, so that the damage is met inside them.
std::string damaged_safetensors(uint64_t index);

/// Text number `index` of an endless series: a configuration, an index of shards or the like, damaged in the same way.
std::string damaged_json(uint64_t index);

}  // namespace albert::testing
