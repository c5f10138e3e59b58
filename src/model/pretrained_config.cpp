#include <albert/base/error.h>
#include <albert/io/json_text.h>
#include <albert/model/pretrained.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace albert {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// transformers 5 writes this key; we name the version whose layout we write.
constexpr const char* kLayoutVersion = "5.0.0";
constexpr std::string_view kPartlyShared = "partly_shared_albert";

/// What transformers calls torch's own implementation of gelu_new.
constexpr std::string_view kTanhGelu = "gelu_pytorch_tanh";

constexpr size_t kMaxConfigBytes = size_t{1} << 20U;

/// Shapes beyond these are nobody's, and listing their parameters would cost what the file does not.
constexpr int64_t kMaxSize = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxBlocks = 4096;

/// Defaults of AlbertConfig in transformers: an absent key means xxlarge-v2.
AlbertConfig albert_defaults() { return model_preset("albert-xxlarge-v2"); }

AlbertConfig bert_defaults() { return model_preset("bert-base"); }

/// Typed access to keys that may be absent.
class Reader {
 public:
  Reader(const Json& json, const std::string& where) : json_(json), where_(where) {}

  template <typename T>
  void read(const char* key, T& value) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return;
    if (!matches<T>(*found)) fail(key, fmt::format("must be {}, got {}", expected<T>(), found->dump()));
    if constexpr (std::is_same_v<T, int64_t>) {
      if (!io::fits_int64(*found)) fail(key, fmt::format("must be an integer below 2^63, got {}", found->dump()));
    }
    value = found->template get<T>();
  }

  [[noreturn]] void fail(std::string_view key, const std::string& text) const {
    throw IoError(fmt::format("{}: {} {}", where_, key, text));
  }

 private:
  template <typename T>
  static bool matches(const Json& value) {
    if constexpr (std::is_same_v<T, bool>) return value.is_boolean();
    if constexpr (std::is_same_v<T, int64_t>) return value.is_number_integer();
    if constexpr (std::is_same_v<T, double>) return value.is_number();
    if constexpr (std::is_same_v<T, std::string>) return value.is_string();
  }
  template <typename T>
  static std::string_view expected() {
    if constexpr (std::is_same_v<T, bool>) return "true or false";
    if constexpr (std::is_same_v<T, int64_t>) return "an integer";
    if constexpr (std::is_same_v<T, double>) return "a number";
    if constexpr (std::is_same_v<T, std::string>) return "a string";
  }

  const Json& json_;
  const std::string& where_;
};

std::string_view model_type_of(const AlbertConfig& shape) {
  if (shape.architecture == Architecture::bert) return "bert";
  return shape.is_partly_shared() ? kPartlyShared : "albert";
}

Activation read_activation(const Reader& reader, Activation fallback) {
  std::string name(config::enum_name(fallback));
  reader.read("hidden_act", name);
  for (const auto& [value, known] : enum_names(config::EnumTag<Activation>{})) {
    if (known == name) return value;
  }
  if (name == kTanhGelu) return Activation::gelu_new;
  reader.fail("hidden_act", fmt::format("must be gelu_new, {}, gelu or relu, got {}", kTanhGelu, name));
}

SharedPart read_shared_part(const Reader& reader) {
  std::string name;
  reader.read("sharing", name);
  if (name == config::enum_name(Sharing::attention)) return SharedPart::attention;
  if (name == config::enum_name(Sharing::feed_forward)) return SharedPart::feed_forward;
  reader.fail("sharing", fmt::format("must be attention or feed_forward for model_type {}, got '{}'", kPartlyShared, name));
}

/// Without id2label transformers counts `num_labels`, else two, which is the default that it does not write.
std::vector<std::string> labels_without_names(const PublishedConfig& config, const Reader& reader) {
  constexpr int64_t kLimit = 1 << 20;
  const auto head = task_head_of(config);
  if (!head || !head->has_labels()) return {};
  int64_t count = head->num_labels;
  reader.read("num_labels", count);
  if (count < 1 || count > kLimit) reader.fail("num_labels", fmt::format("must be in [1, {}], got {}", kLimit, count));
  return default_labels(count);
}

std::vector<std::string> read_labels(const Json& json, const PublishedConfig& config, const Reader& reader) {
  const auto found = json.find("id2label");
  if (found == json.end() || found->is_null()) return labels_without_names(config, reader);
  if (!found->is_object()) reader.fail("id2label", fmt::format("must be an object, got {}", found->dump()));
  std::vector<std::string> labels;
  for (size_t id = 0; id < found->size(); ++id) {
    const auto label = found->find(std::to_string(id));
    if (label == found->end() || !label->is_string()) reader.fail("id2label", fmt::format("must name label {}", id));
    labels.push_back(label->get<std::string>());
  }
  return labels;
}

/// Whether label2id is {"LABEL_0": 0, ...}, which transformers writes where nobody named labels.
bool is_default_ids(const Json& ids) {
  return std::ranges::all_of(ids.items(), [](const auto& item) {
    return item.value().is_number_integer() && item.key() == fmt::format("LABEL_{}", item.value().dump());
  });
}

/// label2id must not say that predictions mean something else. Where one of the two maps is the default, transformers names predictions
/// by id2label, and so do we.
void require_same_labels(const Json& json, const std::vector<std::string>& labels, const Reader& reader) {
  constexpr const char* kKey = "label2id";
  const auto ids = json.find(kKey);
  if (labels.empty() || ids == json.end() || ids->is_null()) return;
  if (!ids->is_object()) reader.fail(kKey, fmt::format("must be an object, got {}", ids->dump()));
  if (is_default_ids(*ids) || labels == default_labels(static_cast<int64_t>(labels.size()))) return;
  const auto refuse = [&](const std::string& found) {
    reader.fail(kKey, fmt::format("must be the inverse of id2label, got {}; correct the wrong one, or leave label2id out", found));
  };
  for (const auto& [label, value] : ids->items()) {
    const bool is_id = value.is_number_unsigned() && value.get<uint64_t>() < labels.size();
    const auto* known = is_id ? &labels[value.get<size_t>()] : nullptr;
    if (known == nullptr) refuse(fmt::format("{}: {}, an id that id2label does not have", Json(label).dump(), value.dump()));
    if (*known != label) refuse(fmt::format("{}: {}, where id2label has {}", Json(label).dump(), value.dump(), Json(*known).dump()));
  }
  for (const auto& label : labels) {
    if (!ids->contains(label)) refuse(fmt::format("no {}, which id2label has", Json(label).dump()));
  }
}

void read_shape(const Reader& reader, AlbertConfig& shape) {
  reader.read("vocab_size", shape.vocab_size);
  reader.read("hidden_size", shape.hidden_size);
  reader.read("num_hidden_layers", shape.num_hidden_layers);
  reader.read("num_attention_heads", shape.num_attention_heads);
  reader.read("intermediate_size", shape.intermediate_size);
  reader.read("max_position_embeddings", shape.max_position_embeddings);
  reader.read("type_vocab_size", shape.type_vocab_size);
  reader.read("hidden_dropout_prob", shape.hidden_dropout_prob);
  reader.read("attention_probs_dropout_prob", shape.attention_probs_dropout_prob);
  reader.read("layer_norm_eps", shape.layer_norm_eps);
  reader.read("initializer_range", shape.initializer_range);
  reader.read("feed_forward_dropout", shape.feed_forward_dropout);
  reader.read("sentence_order_dropout", shape.sentence_order_dropout);
  shape.hidden_act = read_activation(reader, shape.hidden_act);
  if (shape.architecture == Architecture::bert) {
    shape.classifier_dropout_prob = shape.hidden_dropout_prob;
    reader.read("classifier_dropout", shape.classifier_dropout_prob);
    shape.embedding_size = shape.hidden_size;
    shape.num_hidden_groups = shape.num_hidden_layers;
    return;
  }
  reader.read("embedding_size", shape.embedding_size);
  reader.read("num_hidden_groups", shape.num_hidden_groups);
  reader.read("inner_group_num", shape.inner_group_num);
  reader.read("classifier_dropout_prob", shape.classifier_dropout_prob);
}

/// What another class of transformers would compute from the same tensors.
void require_encoder(const Reader& reader) {
  for (const char* key : {"is_decoder", "is_encoder_decoder", "add_cross_attention"}) {
    bool is_set = false;
    reader.read(key, is_set);
    if (is_set) reader.fail(key, "must be false, got true; models that generate text are not read");
  }
  constexpr const char* kPositions = "position_embedding_type";
  std::string positions = "absolute";
  reader.read(kPositions, positions);
  if (positions != "absolute") reader.fail(kPositions, fmt::format("must be absolute, got {}; such models are not read", positions));
}

void require_valid(const AlbertConfig& shape, const Reader& reader) {
  config::Issues issues;
  shape.validate(issues);
  if (!issues.empty()) reader.fail(issues.all().front().key, issues.all().front().text);
}

}  // namespace

std::string write_config_json(const PublishedConfig& config) {
  const AlbertConfig& shape = config.shape;
  const bool is_bert = shape.architecture == Architecture::bert;
  OrderedJson json;
  if (!config.architecture.empty()) json["architectures"] = OrderedJson::array({config.architecture});
  json["model_type"] = model_type_of(shape);
  json["vocab_size"] = shape.vocab_size;
  json["hidden_size"] = shape.hidden_size;
  json["num_hidden_layers"] = shape.num_hidden_layers;
  json["num_attention_heads"] = shape.num_attention_heads;
  json["intermediate_size"] = shape.intermediate_size;
  json["hidden_act"] = config::enum_name(shape.hidden_act);
  json["hidden_dropout_prob"] = shape.hidden_dropout_prob;
  json["attention_probs_dropout_prob"] = shape.attention_probs_dropout_prob;
  json["max_position_embeddings"] = shape.max_position_embeddings;
  json["type_vocab_size"] = shape.type_vocab_size;
  json["initializer_range"] = shape.initializer_range;
  json["layer_norm_eps"] = shape.layer_norm_eps;
  if (is_bert) {
    json["classifier_dropout"] = shape.classifier_dropout_prob;
  } else {
    json["embedding_size"] = shape.embedding_size;
    json["num_hidden_groups"] = shape.num_hidden_groups;
    json["inner_group_num"] = shape.inner_group_num;
    if (shape.is_partly_shared()) json["sharing"] = config::enum_name(shape.sharing());
    json["classifier_dropout_prob"] = shape.classifier_dropout_prob;
    json["bos_token_id"] = config.special_ids.cls;
    json["eos_token_id"] = config.special_ids.sep;
  }
  json["pad_token_id"] = config.special_ids.pad;
  json["tie_word_embeddings"] = true;
  json["feed_forward_dropout"] = shape.feed_forward_dropout;
  json["sentence_order_dropout"] = shape.sentence_order_dropout;
  if (!config.problem_type.empty()) json["problem_type"] = config.problem_type;
  for (size_t id = 0; id < config.labels.size(); ++id) {
    json["id2label"][std::to_string(id)] = config.labels[id];
    json["label2id"][config.labels[id]] = id;
  }
  json["dtype"] = config.dtype;
  json["transformers_version"] = kLayoutVersion;
  return json.dump(2) + "\n";
}

PublishedConfig read_config_json(std::string_view text, const std::string& where) {
  const Json json = io::parse_json(text, where, {.size_bytes = kMaxConfigBytes});
  if (!json.is_object()) throw IoError(fmt::format("{}: must be a JSON object; is this a model folder?", where));
  const Reader reader(json, where);
  std::string type = "albert";
  reader.read("model_type", type);
  if (type != "albert" && type != "bert" && type != kPartlyShared) {
    reader.fail("model_type", fmt::format("must be albert, bert or {}, got {}", kPartlyShared, type));
  }
  require_encoder(reader);
  PublishedConfig config;
  config.shape = type == "bert" ? bert_defaults() : albert_defaults();
  if (type == kPartlyShared) config.shape.shared_part = read_shared_part(reader);
  read_shape(reader, config.shape);
  reader.read("pad_token_id", config.special_ids.pad);
  reader.read("bos_token_id", config.special_ids.cls);
  reader.read("eos_token_id", config.special_ids.sep);
  reader.read("problem_type", config.problem_type);
  reader.read("torch_dtype", config.dtype);  // transformers 4
  reader.read("dtype", config.dtype);
  const auto architectures = json.find("architectures");
  if (architectures != json.end() && architectures->is_array() && !architectures->empty() && architectures->front().is_string()) {
    config.architecture = architectures->front().get<std::string>();
  }
  config.labels = read_labels(json, config, reader);
  require_same_labels(json, config.labels, reader);
  reader.read("tie_word_embeddings", config.is_tied);
  require_valid(config.shape, reader);
  return config;
}

void require_possible_shape(const AlbertConfig& shape, const std::string& where) {
  const auto largest =
      std::max({shape.vocab_size, shape.embedding_size, shape.hidden_size, shape.intermediate_size, shape.max_position_embeddings,
                shape.type_vocab_size, shape.num_hidden_layers, shape.inner_group_num});
  if (largest > kMaxSize) throw IoError(fmt::format("{}: sizes must be at most {}, got {}", where, kMaxSize, largest));
  const int64_t blocks = shape.num_levels() * shape.inner_group_num;
  if (blocks > kMaxBlocks) {
    const auto levels = shape.is_partly_shared() ? "num_hidden_layers" : "num_hidden_groups";
    throw IoError(fmt::format("{}: {} * inner_group_num must be at most {}, got {}", where, levels, kMaxBlocks, blocks));
  }
}

std::string write_tokenizer_config_json(const TokenizerDescription& tokenizer) {
  OrderedJson json;
  json["tokenizer_class"] = "PreTrainedTokenizerFast";  // reads tokenizer.json; AlbertTokenizer of transformers 5 would not
  json["do_lower_case"] = tokenizer.lower_case;
  json["keep_accents"] = tokenizer.keep_accents;
  json["remove_space"] = true;
  json["bos_token"] = "[CLS]";
  json["eos_token"] = "[SEP]";
  json["unk_token"] = "<unk>";
  json["sep_token"] = "[SEP]";
  json["pad_token"] = "<pad>";
  json["cls_token"] = "[CLS]";
  json["mask_token"] = "[MASK]";
  json["model_input_names"] = {"input_ids", "token_type_ids", "attention_mask"};
  json["clean_up_tokenization_spaces"] = false;
  json["model_max_length"] = tokenizer.max_length;
  return json.dump(2) + "\n";
}

}  // namespace albert
