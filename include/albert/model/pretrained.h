// Model folders in Hugging Face's layout: names of tensors, config.json and tokenizer_config.json, in both directions.
//
// Inside, all parameters have ALBERT's published names (parameters_by_name). A BERT configuration is renamed at this border only.
#pragma once

#include <albert/io/named_tensors.h>
#include <albert/model/albert_config.h>
#include <albert/model/encoder_io.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// Name of a parameter in a model folder ("bert.encoder.layer.0.attention.self.query.weight" for architecture bert).
std::string published_name(std::string_view parameter, const AlbertConfig& config);
/// The inverse, tolerant of what is found in the wild: a missing "albert." / "bert." prefix and gamma/beta for LayerNorm.
std::string parameter_name(std::string_view published, const AlbertConfig& config);

/// The tensors of `model.safetensors` as save_pretrained of transformers 5 writes them: every parameter once, no decoder aliases.
std::vector<NamedParameter> published_tensors(const std::vector<NamedParameter>& parameters, const AlbertConfig& config);

/// Which differences between a file and a model are expected. Prefixes of parameter names.
struct ImportRules {
  std::vector<std::string> may_be_missing{};  ///< keep their initial values: a new task head
  std::vector<std::string> may_be_ignored{};  ///< in the file only: the heads of pre-training
};
/// Parameter names that a rule covered.
struct ImportReport {
  std::vector<std::string> missing;
  std::vector<std::string> ignored;
};

/// Copies arrays into parameters (any floating type, converted). Known left-overs are dropped: position_ids and the aliases of
/// the tied decoder. All missing, unexpected and misshapen tensors are listed in one IoError that starts with `where`; nothing is
/// changed then.
ImportReport import_arrays(const io::NamedArrays& arrays, const std::vector<NamedParameter>& parameters,
                           const AlbertConfig& config, const ImportRules& rules, const std::string& where);

/// Special ids that config.json carries.
struct SpecialIds {
  int64_t pad = 0;
  int64_t cls = 2;
  int64_t sep = 3;
};

/// What config.json says beside the shape.
struct PublishedConfig {
  AlbertConfig shape{};
  SpecialIds special_ids{};
  std::string architecture{};         ///< class of transformers: "AlbertForPreTraining", ...; empty when absent
  std::vector<std::string> labels{};  ///< id2label in order of ids; empty for none
  std::string problem_type{};         ///< "regression", "single_label_classification", ...; empty for none
};

/// "AlbertForPreTraining", "AlbertForMaskedLM", "BertForPreTraining" or "BertForMaskedLM".
std::string pretraining_architecture(const AlbertConfig& config, PretrainingHeads heads);
/// Text of config.json with the keys that transformers 5 writes. Our two dropout switches are two keys more, which it keeps.
std::string write_config_json(const PublishedConfig& config);
/// Reads config.json of ours or of Hugging Face; absent keys take the defaults of transformers (for ALBERT those of xxlarge).
/// Throws IoError that starts with `where` and names the key.
PublishedConfig read_config_json(std::string_view text, const std::string& where);

/// Text of tokenizer_config.json for a SentencePiece vocabulary of ALBERT.
struct TokenizerDescription {
  bool lower_case = true;
  bool keep_accents = false;
  int64_t max_length = 512;
};
std::string write_tokenizer_config_json(const TokenizerDescription& tokenizer);

}  // namespace albert
