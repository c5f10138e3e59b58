// A safetensors file of one matrix whose rows come one after the other, in bounded memory.
//
//   TensorRows rows("out.safetensors", "embeddings", /*columns=*/768);
//   while (...) rows.add(values);      // whole rows
//   rows.commit();
#pragma once

#include <albert/base/replacing_file.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace albert::io {

/// fp32 [rows, columns]. The file stands under its name only after commit(); see ReplacingFile. Throws IoError.
class TensorRows {
 public:
  /// `name` of the matrix: letters, digits, "_" and ".".
  TensorRows(std::filesystem::path path, std::string name, int64_t columns);
  /// `values` [n * columns].
  void add(std::span<const float> values);
  void commit();
  [[nodiscard]] int64_t num_rows() const { return rows_; }

 private:
  [[nodiscard]] std::string header() const;

  ReplacingFile file_;
  std::string name_;
  int64_t columns_;
  int64_t rows_ = 0;
};

}  // namespace albert::io
