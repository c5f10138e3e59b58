// `albert predict MODEL`: answers of a fine-tuned model, pieces for [MASK], and embeddings - of any amount of text, in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace albert {

/// What all kinds of prediction take.
struct PredictOptions {
  std::filesystem::path model;
  std::optional<std::filesystem::path> input{};   ///< none: standard input
  std::optional<std::filesystem::path> output{};  ///< none: the stream
  std::string format = "auto";                    ///< a FileFormat; auto: by the name of `input`, else the task's own
  /// NAME and COLUMN of --column: text, text_pair, id, token, question, context, options (several columns: several times).
  std::vector<std::pair<std::string, std::string>> columns{};
  /// Options of DataFileConfig by key, as on the command line: encoding, invalid_rows, header, quoting, separator. What is not given is the
  /// model's own, as in training; invalid_rows: error.
  std::vector<std::pair<std::string, std::string>> file{};
  int64_t batch_tokens = 8192;  ///< of a forward pass
  std::string device = "auto";
};

/// Answers every example of the input by one JSON object a line, in the order of the input (docs/formats.md). Rows are read, scored
/// and written in parts of a fixed number, so that memory does not grow with the input. A file as output stands there only when it
/// is whole; what went to a stream before an error stays there.
///
/// Without a format, that is `text` for classification and regression (`text_pairs` where the model was trained on pairs) and for
/// token classification, and jsonl with question, context (and id) or question, options (context, id) for the others. With one, the
/// columns are those of the training data. Precision is fp32.
///
/// A row that cannot be read is an error, or with invalid_rows: skip left out, counted and warned of; ids stay those of the rows in the
/// input. Throws ConfigError for options that do not fit, IoError for the model folder and the output, DataError with file:line for the
/// input, which must have a row.
void predict_task(const PredictOptions& options, std::ostream& out);

/// For each text with [MASK]: the `top_k` most probable pieces of each mask, one JSON object a line. Needs a model with a head for
/// masked tokens (IoError). Text on both sides of a mask is tokenised by itself; that behind it begins a new word unless it follows
/// the mask without a blank and begins with a piece of its own (a full stop). A mask beyond the model's longest sequence: DataError.
void predict_masks(const PredictOptions& options, int64_t top_k, std::ostream& out);

enum class EmbeddingPooling {
  mean,  ///< of the last hidden states of all tokens, [CLS] and [SEP] included (as sentence-transformers, with its attention mask)
  cls,   ///< last hidden state of [CLS], without the pooler
};

struct EmbeddingOptions {
  EmbeddingPooling pooling = EmbeddingPooling::mean;
  /// safetensors with `embeddings` [rows, hidden], fp32, in place of JSON lines.
  std::optional<std::filesystem::path> tensors{};
};

/// A vector [hidden] for each text, cut to the model's longest sequence; of any model folder, fine-tuned or not.
void predict_embeddings(const PredictOptions& options, const EmbeddingOptions& embedding, std::ostream& out);

}  // namespace albert
