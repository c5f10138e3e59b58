// Snappy's raw format (github.com/google/snappy, format_description.txt), as blocks of LevelDB tables may have it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace albert::io {

/// The text that `compressed` stands for. Throws IoError "<where>: ..." for bytes that are not of the format or stand for more
/// than `limit_bytes`; never allocates more than these.
std::string decompress_snappy(std::string_view compressed, size_t limit_bytes, const std::string& where);

}  // namespace albert::io
