// UTF-16 as UTF-8.
#pragma once

#include "byte_source.h"

#include <memory>
#include <string>

namespace albert {

/// The text of `source` in UTF-8; its byte order is that of its byte-order mark, which is dropped. Reading throws DataError that
/// names the file and the byte: no mark, an unpaired surrogate, half a unit at the end.
std::unique_ptr<ByteSource> decode_utf16(std::unique_ptr<ByteSource> source, const std::string& name);

}  // namespace albert
