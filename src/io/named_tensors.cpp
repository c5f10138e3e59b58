#include "io/dtype_table.h"

#include <albert/base/error.h>

namespace albert::io {

size_t size_bits(DType type) {
  for (const DTypeInfo& row : kDTypes) {
    if (row.type == type) return row.size_bits;
  }
  throw InternalError(fmt::format("io::size_bits: unknown dtype {}", static_cast<int>(type)));
}

std::string_view name(DType type) {
  for (const DTypeInfo& row : kDTypes) {
    if (row.type == type) return row.name;
  }
  throw InternalError(fmt::format("io::name: unknown dtype {}", static_cast<int>(type)));
}

bool is_floating(DType type) {
  switch (type) {
    case DType::f16:
    case DType::bf16:
    case DType::f32:
    case DType::f64:
      return true;
    default:
      return false;
  }
}

}  // namespace albert::io
