// `albert predict MODEL --tensors OUT`: everything that a model computes, as tensors, for debugging and parity.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

namespace albert {

struct PredictTensorsOptions {
  std::filesystem::path model;
  /// safetensors with ids [batch, length], segments [batch, length], lengths [batch], int64; none: lines of text from `text`.
  std::optional<std::filesystem::path> ids;
  std::filesystem::path tensors;  ///< output
  std::string device = "auto";
};

/// Writes ids, segments, lengths, hidden_states.0 (embeddings mapped to hidden) to hidden_states.L [batch, length, hidden], pooled
/// [batch, hidden], prediction_logits [batch, length, vocab] and sop_logits [batch, 2], as far as the model has them; fp32, zero where
/// padded. A line of text becomes [CLS] line [SEP], cut to the model's longest sequence; empty lines give [CLS] [SEP]. Throws
/// IoError for the model folder and the output, DataError for the input.
void predict_tensors(const PredictTensorsOptions& options, std::istream& text);

/// `albert tokenize MODEL`: one line of ids (or pieces), separated by blanks, for each line of `text`.
enum class TokenizeOutput { ids, pieces };
void tokenize_lines(const std::filesystem::path& model, TokenizeOutput output, std::istream& text, std::ostream& out);

}  // namespace albert
