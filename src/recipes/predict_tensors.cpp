#include <albert/base/error.h>
#include <albert/io/safetensors.h>
#include <albert/model/device.h>
#include <albert/recipes/model_folder.h>
#include <albert/recipes/predict_tensors.h>

#include <torch/csrc/autograd/grad_mode.h>

#include <istream>
#include <ostream>

namespace albert {
namespace {

/// A rectangle of ids; int64 on the CPU.
struct PaddedInput {
  at::Tensor ids;       ///< [batch, length]
  at::Tensor segments;  ///< [batch, length]
  at::Tensor lengths;   ///< [batch]
};

at::Tensor int64_input(const io::SafetensorsFile& file, const std::string& name, int64_t rank, const std::string& where) {
  const auto& array = file.at(name);
  if (array.type != io::DType::i64 || static_cast<int64_t>(array.shape.size()) != rank) {
    throw DataError(fmt::format("{}: {}: must be int64 with {} dimensions, got {} with {}", where, name, rank, io::name(array.type),
                                array.shape.size()));
  }
  return tensor_view(array).clone();
}

void require_range(const at::Tensor& values, int64_t low, int64_t high, const std::string& what) {
  if (values.numel() == 0) return;
  const auto smallest = values.min().item<int64_t>();
  const auto largest = values.max().item<int64_t>();
  if (smallest < low || largest > high) {
    throw DataError(fmt::format("{}: must be in [{}, {}], got {}", what, low, high, smallest < low ? smallest : largest));
  }
}

PaddedInput read_input(const std::filesystem::path& path, const AlbertConfig& config) {
  const std::string where = path.string();
  try {
    const auto file = io::SafetensorsFile::open(path);
    PaddedInput input{int64_input(file, "ids", 2, where), int64_input(file, "segments", 2, where), int64_input(file, "lengths", 1, where)};
    if (!input.segments.sizes().equals(input.ids.sizes()) || input.lengths.size(0) != input.ids.size(0)) {
      throw DataError(fmt::format("{}: ids and segments must be [batch, length], lengths [batch] of the same batch", where));
    }
    if (input.ids.numel() == 0) throw DataError(fmt::format("{}: ids: must not be empty", where));
    require_range(input.ids, 0, config.vocab_size - 1, where + ": ids");
    require_range(input.segments, 0, config.type_vocab_size - 1, where + ": segments");
    require_range(input.lengths, 1, std::min(input.ids.size(1), config.max_position_embeddings), where + ": lengths");
    return input;
  } catch (const IoError& error) {
    throw DataError(error.what());  // the input's fault, not the checkpoint's
  }
}

PaddedInput tokenize_input(std::istream& text, const LoadedModel& loaded, const std::filesystem::path& folder) {
  if (!loaded.tokenizer) {
    throw DataError(fmt::format("{}: has no vocabulary (spiece.model or symbols.txt), so it cannot read text; give ids with --ids", folder.string()));
  }
  const auto limit = static_cast<size_t>(loaded.config.shape.max_position_embeddings) - 2;
  const auto& special = loaded.tokenizer->special_tokens();
  std::vector<std::vector<int32_t>> rows;
  size_t longest = 0;
  for (std::string line; std::getline(text, line);) {
    auto ids = loaded.tokenizer->encode(line);
    if (ids.size() > limit) ids.resize(limit);
    ids.insert(ids.begin(), special.cls);
    ids.push_back(special.sep);
    longest = std::max(longest, ids.size());
    rows.push_back(std::move(ids));
  }
  if (rows.empty()) throw DataError("standard input: must hold at least one line of text, got none");
  const auto batch = static_cast<int64_t>(rows.size());
  PaddedInput input{at::full({batch, static_cast<int64_t>(longest)}, special.pad, at::kLong),
                    at::zeros({batch, static_cast<int64_t>(longest)}, at::kLong), at::empty({batch}, at::kLong)};
  for (int64_t row = 0; row < batch; ++row) {
    const auto& ids = rows[static_cast<size_t>(row)];
    for (size_t i = 0; i < ids.size(); ++i) input.ids[row][static_cast<int64_t>(i)] = ids[i];
    input.lengths[row] = static_cast<int64_t>(ids.size());
  }
  return input;
}

/// [tokens, ...] back to [batch, length, ...] with zeros at padding.
at::Tensor unpack(const at::Tensor& packed, const at::Tensor& mask) {
  auto shape = packed.sizes().vec();
  shape.erase(shape.begin());
  shape.insert(shape.begin(), {mask.size(0), mask.size(1)});
  auto padded = at::zeros(shape, at::kFloat);
  padded.index_put_({mask}, packed.to(at::kCPU, at::kFloat));
  return padded;
}

}  // namespace

void predict_tensors(const PredictTensorsOptions& options, std::istream& text) {
  const auto device = resolve_device(options.device, "--device");
  auto loaded = load_model_folder(options.model);
  const auto input = options.ids ? read_input(*options.ids, loaded.config.shape) : tokenize_input(text, loaded, options.model);
  const at::NoGradGuard no_gradient;
  loaded.model->to(device);
  loaded.model->parameters_changed();

  const auto positions = at::arange(input.ids.size(1), at::kLong).expand_as(input.ids);
  const auto mask = positions.lt(input.lengths.unsqueeze(1));  // [batch, length]
  const auto offsets = at::cat({at::zeros({1}, at::kLong), input.lengths.cumsum(0)});
  const auto packed = [&](const at::Tensor& values) { return values.masked_select(mask).to(device); };
  const auto every_position = at::arange(offsets[-1].item<int64_t>(), at::TensorOptions(at::kLong).device(device));
  const auto output = loaded.model(EncoderInput{.ids = packed(input.ids),
                                                .embeddings = {},
                                                .segments = packed(input.segments),
                                                .positions = packed(positions),
                                                .sequence_offsets = offsets,
                                                .max_length = input.lengths.max().item<int64_t>()},
                                   every_position, EncoderOptions{.hidden_states = true, .application_decay = 1.0, .hook = {}});

  TensorArrays result;
  result.add("ids", input.ids);
  result.add("segments", input.segments);
  result.add("lengths", input.lengths);
  for (size_t i = 0; i < output.encoder.hidden_states.size(); ++i) {
    result.add(fmt::format("hidden_states.{}", i), unpack(output.encoder.hidden_states[i], mask));
  }
  if (loaded.content.has_pooler) result.add("pooled", output.encoder.pooled.to(at::kFloat));
  if (loaded.content.has_mlm_head) result.add("prediction_logits", unpack(output.mlm_logits, mask));
  if (loaded.content.has_order_head && output.sop_logits.defined()) result.add("sop_logits", output.sop_logits.to(at::kFloat));
  io::write_safetensors(options.tensors, result.arrays());
}

void tokenize_lines(const std::filesystem::path& model, TokenizeOutput output, std::istream& text, std::ostream& out) {
  const bool is_folder = std::filesystem::is_directory(model) || !std::filesystem::exists(model);
  // A folder's tokenizer_config.json may keep case or accents; a bare spiece.model is read with ALBERT's defaults.
  const auto tokenizer = is_folder ? require_tokenizer(model) : Tokenizer::load(model, {});
  for (std::string line; std::getline(text, line);) {
    std::string joined;
    if (output == TokenizeOutput::ids) {
      for (const auto id : tokenizer.encode(line)) joined += fmt::format("{}{}", joined.empty() ? "" : " ", id);
    } else {
      for (const auto& piece : tokenizer.encode_as_pieces(line)) joined += fmt::format("{}{}", joined.empty() ? "" : " ", piece);
    }
    out << joined << '\n';
  }
}

}  // namespace albert
