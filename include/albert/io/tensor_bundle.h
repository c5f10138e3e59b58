// Checkpoints of TensorFlow (the "tensor bundle" of tf.train.Saver, TensorFlow 1 and 2), read without TensorFlow.
//
//   PREFIX.index                  a sorted table: "" -> BundleHeaderProto, name -> BundleEntryProto
//   (tensorflow/core/protobuf/tensor_bundle.proto) PREFIX.data-00000-of-00002    the tensors' bytes, row-major, little-endian,
//   one after the other
//
// The reader trusts nothing: see kMaxTable... in src/io/sorted_table.h for the caps of the index; every tensor must lie in its
// file and share no byte with another, and its bytes are handed out only after their checksum was verified.
#pragma once

#include <albert/io/named_tensors.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace albert::io {

/// Caps of the reader, beside those of the index file.
inline constexpr size_t kMaxBundleShards = 1024;
inline constexpr size_t kMaxBundleRank = 8;

/// What the index says of a tensor.
struct BundleTensor {
  std::string name;
  uint32_t type_number = 0;   ///< tensorflow::DataType
  std::optional<DType> type;  ///< nothing for types that this build does not read
  std::vector<int64_t> shape;
  uint32_t shard = 0;   ///< number of its data file
  uint64_t offset = 0;  ///< in that file
  uint64_t size_bytes = 0;
  uint32_t masked_crc32c = 0;  ///< of its bytes
  bool is_sliced = false;      ///< a partitioned variable: the bytes stand under other names

  /// "float32", "string", ...
  [[nodiscard]] std::string type_name() const;
};

struct BundleIndex {
  uint32_t num_shards = 0;
  std::vector<BundleTensor> tensors;  ///< in the order of names
};

/// Parses PREFIX.index. `name` is the file. Throws IoError that starts with it: see sorted_table.h; protobuf's wire format; a
/// big-endian or newer bundle; more than kMaxBundleShards or kMaxBundleRank; sizes that overflow or do not fit shape and type.
BundleIndex parse_bundle_index(std::span<const std::byte> bytes, const std::string& name);

/// ".data-00001-of-00002".
std::string bundle_shard_suffix(uint32_t shard, uint32_t num_shards);

/// A data file; the bytes must outlive the bundle.
struct BundleShard {
  std::string name;
  std::span<const std::byte> bytes;
};

class TensorBundle {
 public:
  /// All data files in their order. Throws IoError that names file and tensor where a tensor does not lie in its file or shares
  /// bytes with another.
  TensorBundle(BundleIndex index, std::vector<BundleShard> shards);

  [[nodiscard]] const std::vector<BundleTensor>& tensors() const { return index_.tensors; }
  /// The tensor after its checksum was verified; the view points into the data file and need not be aligned. Throws IoError that
  /// names the tensor: a wrong checksum, a type that this build does not read, a partitioned variable.
  [[nodiscard]] ArrayView read(const BundleTensor& tensor) const;

 private:
  BundleIndex index_;
  std::vector<BundleShard> shards_;
};

}  // namespace albert::io
