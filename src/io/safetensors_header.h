// The JSON header of the safetensors format, read straight into entries: no tree, so memory stays a small multiple of the header.
#pragma once

#include <albert/io/named_tensors.h>
#include <albert/io/safetensors.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

/// One array as the header states it; nothing is checked against the data yet.
struct HeaderEntry {
  DType type = DType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, HeaderEntry> entries;
  SafetensorsMetadata metadata;
};

/// Takes and refuses what the reference library does, its tolerance included: the last of equal names counts, unknown keys of an array
/// are passed over, an array may be the list [dtype, shape, data_offsets], and __metadata__ may be null. Throws IoError that starts
/// with `file`.
SafetensorsHeader parse_safetensors_header(std::string_view json, std::string_view file);

}  // namespace albert::io
