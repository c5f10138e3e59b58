#include "convert/google_config.h"
#include "convert/google_files.h"
#include "convert/google_names.h"
#include "convert/source_formats.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/io/json_text.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace albert {
namespace {

/// [rows, columns] to [columns, rows]. In tiles that fit the first cache: by rows or columns alone a large matrix takes five
/// times as long.
template <size_t kItemBytes>
void transpose_items(const std::byte* from, std::byte* to, size_t rows, size_t columns) {
  constexpr size_t kTile = 32;
  for (size_t top = 0; top < rows; top += kTile) {
    for (size_t left = 0; left < columns; left += kTile) {
      const size_t bottom = std::min(top + kTile, rows);
      const size_t right = std::min(left + kTile, columns);
      for (size_t column = left; column < right; ++column) {
        for (size_t row = top; row < bottom; ++row) {
          std::memcpy(to + (column * rows + row) * kItemBytes, from + (row * columns + column) * kItemBytes, kItemBytes);
        }
      }
    }
  }
}

void transpose(const io::ArrayView& from, std::byte* to) {
  const auto rows = static_cast<size_t>(from.shape[0]);
  const auto columns = static_cast<size_t>(from.shape[1]);
  if (from.bytes.empty()) return;
  switch (from.bytes.size() / (rows * columns)) {
    case 2:
      return transpose_items<2>(from.bytes.data(), to, rows, columns);
    case 4:
      return transpose_items<4>(from.bytes.data(), to, rows, columns);
    case 8:
      return transpose_items<8>(from.bytes.data(), to, rows, columns);
    default:
      throw InternalError("element of another size in a checkpoint");
  }
}

/// A variable of a name that Google's code does not give, as a key beside the parameters. Every parameter has a dot in its name and no
/// quote: a variable that is called as one is not it, as nobody knows in which layout it is.
std::string foreign_name(const std::string& variable) {
  return variable.find('.') == std::string::npos ? variable : io::quoted_text(variable);
}

/// Little-endian; empty for what no weight has.
std::string_view bytes_of_one(io::DType type) {
  using namespace std::string_view_literals;
  switch (type) {
    case io::DType::f16:
      return "\x00\x3c"sv;
    case io::DType::bf16:
      return "\x80\x3f"sv;
    case io::DType::f32:
      return "\x00\x00\x80\x3f"sv;
    default:
      return {};
  }
}

class SourceReader {
 public:
  explicit SourceReader(GoogleFiles files) : files_(std::move(files)) {}

  ModelSource run() {
    source_.kind = files_.is_module ? "TF-Hub module" : "Google TF1 checkpoint";
    source_.where = files_.where;
    refuse_object_checkpoint();
    for (const io::BundleTensor& tensor : files_.bundle.tensors()) add(tensor);
    read_config();
    add_identity_mapping();
    add_vocabulary();
    source_.owners.insert(source_.owners.end(), files_.owners.begin(), files_.owners.end());
    return std::move(source_);
  }

 private:
  void refuse_object_checkpoint() const {
    const auto& tensors = files_.bundle.tensors();
    if (std::ranges::none_of(tensors, [](const auto& tensor) { return tensor.name == "_CHECKPOINTABLE_OBJECT_GRAPH"; })) return;
    throw IoError(fmt::format(
        "{}: wanted variables of Google's ALBERT (bert/...), got an object checkpoint of TensorFlow 2; use the checkpoint "
        "that it was made from, or save it with tf.compat.v1.train.Saver",
        files_.where));
  }

  void add(const io::BundleTensor& tensor) {
    if (const std::string_view reason = google_leftover(tensor.name); !reason.empty()) {
      source_.notes.skipped.push_back(fmt::format("{} ({})", tensor.name, reason));
      return;
    }
    const auto parameter = google_parameter(tensor.name);
    const std::string name = parameter ? parameter->name : foreign_name(tensor.name);
    if (tensor.name.starts_with('\0')) return;  // a part of a partitioned variable, which comes under its own name, too
    if (source_.arrays.contains(name) || source_.unreadable.contains(name)) {
      throw IoError(fmt::format("{}: tensor {}: wanted each parameter once, got {} twice", files_.where,
                                io::quoted_text(tensor.name), name));
    }
    if (tensor.is_sliced || !tensor.type) {
      source_.unreadable.emplace(name, tensor.is_sliced ? "in parts; save without partitioner" : tensor.type_name());
      return;
    }
    io::ArrayView view = files_.bundle.read(tensor);
    if (parameter && parameter->is_transposed && view.shape.size() == 2) view = transposed(view);
    source_.arrays.emplace(name, std::move(view));
    if (parameter) source_.notes.renamed.emplace_back(tensor.name, name);
  }

  io::ArrayView transposed(const io::ArrayView& view) {
    const std::shared_ptr<std::byte[]> bytes(new std::byte[view.bytes.size()]);  // NOLINT: make_shared would clear it first
    transpose(view, bytes.get());
    source_.owners.push_back(bytes);
    return {.type = view.type, .shape = {view.shape[1], view.shape[0]}, .bytes = {bytes.get(), view.bytes.size()}};
  }

  void read_config() {
    if (!files_.config) {
      throw IoError(fmt::format("{}: wanted albert_config.json beside the checkpoint, got none; put the one of the model there",
                                files_.where));
    }
    GoogleConfig config = read_google_config(files_.config->text, files_.config->where);
    for (const std::string& key : config.unknown_keys) {
      source_.notes.skipped.push_back(fmt::format("{} (unknown key of albert_config.json)", io::quoted_text(key)));
    }
    if (const auto head = task_head()) {
      const bool is_number = head->head == TaskHead::sequence && head->num_labels == 1;
      source_.config = task_config(config.shape, *head, {}, is_number ? kRegression : "");
      if (is_number) {
        source_.notes.assumed = fmt::format(
            "a regression, as the classifier has one output; one of multiple choice (RACE) has the same variables: --class {}",
            task_architecture(config.shape, {.head = TaskHead::multiple_choice}));
      }
    } else {
      source_.config.shape = config.shape;
      source_.config.architecture = source_.arrays.contains("predictions.bias")
                                        ? pretraining_architecture(config.shape, PretrainingHeads::masked_lm_sentence_order)
                                        : fmt::format("{}Model", architecture_family(config.shape));
    }
  }

  /// Google's code maps embeddings to the hidden size only where the two differ (modeling.py, transformer_model); a model here always does.
  void add_identity_mapping() {
    const int64_t size = source_.config.shape.hidden_size;
    const std::string mapping = "albert.encoder.embedding_hidden_mapping_in";
    if (source_.config.shape.embedding_size != size || source_.arrays.contains(mapping + ".weight")) return;
    // Of the matrix's size, so that the file bounds what is taken.
    const auto like = source_.arrays.find("albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight");
    if (like == source_.arrays.end() || like->second.shape != std::vector<int64_t>{size, size}) return;
    const auto one = bytes_of_one(like->second.type);
    if (one.empty()) return;
    const std::shared_ptr<std::byte[]> bytes = std::make_shared<std::byte[]>(like->second.bytes.size());  // zeros
    for (size_t row = 0; row < static_cast<size_t>(size); ++row) {
      std::ranges::copy(std::as_bytes(std::span(one)), bytes.get() + row * (static_cast<size_t>(size) + 1) * one.size());
    }
    const std::shared_ptr<std::byte[]> zeros = std::make_shared<std::byte[]>(static_cast<size_t>(size) * one.size());
    source_.arrays[mapping + ".weight"] = {.type = like->second.type, .shape = {size, size}, .bytes = {bytes.get(), like->second.bytes.size()}};
    source_.arrays[mapping + ".bias"] = {.type = like->second.type, .shape = {size}, .bytes = {zeros.get(), static_cast<size_t>(size) * one.size()}};
    source_.owners.insert(source_.owners.end(), {bytes, zeros});
    source_.notes.added.push_back(mapping + " (the identity, as embedding_size is hidden_size)");
  }

  [[nodiscard]] std::optional<TaskHeadOptions> task_head() const {
    constexpr int64_t kMostLabels = 1 << 20;
    if (source_.arrays.contains("qa_outputs.weight")) return TaskHeadOptions{.head = TaskHead::question_answering};
    if (source_.arrays.contains("start_logits.dense.weight")) return TaskHeadOptions{.head = TaskHead::question_answering_beam};
    const auto classifier = source_.arrays.find("classifier.weight");
    if (classifier == source_.arrays.end()) return std::nullopt;
    const auto& shape = classifier->second.shape;
    if (shape.size() != 2 || shape[0] < 1 || shape[0] > kMostLabels) {
      throw IoError(fmt::format("{}: tensor \"output_weights\": wanted shape [labels, hidden] with 1 to {} labels, got {}",
                                files_.where, kMostLabels, shape.empty() ? 0 : shape[0]));
    }
    return TaskHeadOptions{.head = TaskHead::sequence, .num_labels = shape[0]};
  }

  void add_vocabulary() {
    if (!files_.vocabulary) return;
    source_.metadata["spiece_model_sha256"] = sha256_hex(files_.vocabulary->text);
    source_.texts["spiece.model"] = std::move(files_.vocabulary->text);
    source_.places["spiece.model"] = files_.vocabulary->where;
  }

  GoogleFiles files_;
  ModelSource source_;
};

}  // namespace

bool is_google_source(const std::filesystem::path& path) { return has_google_files(path); }

ModelSource read_google_source(const std::filesystem::path& path) { return SourceReader(open_google_files(path)).run(); }

}  // namespace albert
