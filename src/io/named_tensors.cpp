#include "io/dtype_table.h"

#include <albert/base/error.h>

namespace albert::io {

size_t size_bytes(DType type) {
  for (const DTypeInfo& row : kDTypes) {
    if (row.type == type) return row.size_bytes;
  }
  throw InternalError(fmt::format("io::size_bytes: unknown dtype {}", static_cast<int>(type)));
}

std::string_view name(DType type) {
  for (const DTypeInfo& row : kDTypes) {
    if (row.type == type) return row.name;
  }
  throw InternalError(fmt::format("io::name: unknown dtype {}", static_cast<int>(type)));
}

}  // namespace albert::io
