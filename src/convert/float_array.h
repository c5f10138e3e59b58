// Arrays of any floating type as fp32.
#pragma once

#include <albert/io/named_tensors.h>

#include <cstddef>
#include <vector>

namespace albert {

enum class MatrixLayout { as_it_is, transposed };

/// Whether float_bytes can read the type: F32, F64, F16, BF16.
bool has_float_form(io::DType type);

/// The bytes of the array in fp32, row by row; a matrix [rows, columns] as [columns, rows] if `transposed`. `array.type`
/// must have a float form. Infinity and NaN stay what they are. Throws IoError, without a place, for a finite F64 beyond the range of fp32.
std::vector<std::byte> float_bytes(const io::ArrayView& array, MatrixLayout layout);

}  // namespace albert
