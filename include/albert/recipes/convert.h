// albert convert: from the checkpoint that someone has to a folder or an ONNX file that the tools of the field read.
//
//   convert_model({.source = "albert-xlarge-v2", .target = "out", .try_heads = {16, 32}, .text = "sample.txt"}, std::cout);
#pragma once

#include <albert/convert/model_source.h>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace albert {

struct ConvertOptions {
  std::filesystem::path source;  ///< see read_model_source()
  std::filesystem::path target;  ///< a folder that is not there yet; with a name that ends in .onnx a file (albert/convert/onnx.h)
  Strictness strictness = Strictness::exact;
  std::optional<std::string> architecture{};  ///< the class to take the source for: see take_as()
  std::optional<int64_t> num_attention_heads{};  ///< in place of the configuration's: weights do not tell how many heads they have
  /// Numbers of heads of which the one is kept that predicts masked pieces of `text` best. Not with num_attention_heads.
  std::vector<int64_t> try_heads{};
  std::optional<std::filesystem::path> text{};  ///< one text a line
  std::string device = "auto";                  ///< of the trial
};

/// Reads, settles and writes, and tells in words what was read, renamed, skipped, started anew and written. Throws IoError for the
/// source and the target, ConfigError for numbers of heads that do not divide hidden_size
/// and a class without an ONNX form, DataError for the text.
void convert_model(const ConvertOptions& options, std::ostream& out);

}  // namespace albert
