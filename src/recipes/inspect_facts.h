// The parts of albert inspect. Facts are JSON objects with the keys of docs/formats-inspect.md.
#pragma once

#include <albert/base/file.h>
#include <albert/io/weight_files.h>
#include <albert/model/pretrained.h>
#include <albert/recipes/inspect.h>
#include <albert/tokenizer/special_tokens.h>
#include <albert/train/training_config.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace albert::inspection {

using Facts = nlohmann::ordered_json;

Facts special_facts(const SpecialTokens& special);
/// Elements per part of the model, the total first.
Facts count_parameters(const ArraysByParameter& parameters);
/// Arrays per element type: {"F32": 25}.
Facts count_types(const io::NamedArrays& arrays);

/// How the content of two files differs, one array after the other: memory does not grow with the files.
Facts compare_parameters(const io::WeightFiles& a, const ArraysByParameter& in_a, const io::WeightFiles& b, const ArraysByParameter& in_b);

/// What an array of the model would meet when it is loaded: {"missing": [names], "unknown": [...], "misshapen": [...],
/// "mistyped": [...], "ignored": [...]}. Throws IoError that starts with `where` for sizes that no file can have.
Facts check_parameters(const PublishedConfig& config, const ArraysByParameter& parameters, const std::string& where);

/// config.json of a model folder.
PublishedConfig read_model_config(const std::filesystem::path& folder);

Facts model_facts(const std::filesystem::path& folder);
Facts tensor_file_facts(const std::filesystem::path& file);
Facts vocabulary_facts(const std::filesystem::path& file);
Facts checkpoint_facts(const std::filesystem::path& folder, InspectDepth depth);
/// One training: the folder has checkpoints/ and metrics.jsonl.
Facts training_facts(const std::filesystem::path& folder, const TrainingConfig& config, InspectDepth depth);
Facts run_facts(const std::filesystem::path& folder, InspectDepth depth);
Facts store_facts(const std::filesystem::path& file, InspectDepth depth);

/// Two things of the same kind: where they stand (of a store its file), and their facts. What compares them gives "equal" and
/// lists of what differs.
struct Pair {
  std::filesystem::path a;
  std::filesystem::path b;
  Facts facts_a;
  Facts facts_b;
};
/// Leaves of two JSON values that differ: [{"key": "shape.hidden_size", "a": 64, "b": 128}]; null where one lacks the key.
Facts differing_facts(const Facts& a, const Facts& b);
Facts compare_models(const Pair& pair);
Facts compare_tensor_files(const Pair& pair);
Facts compare_runs(const Pair& pair);
Facts compare_described(const Pair& pair);

/// Aligned lines: keys with blanks, counts with separators of thousands, bytes as MB, long lists cut.
std::string to_text(const Facts& facts);

}  // namespace albert::inspection
