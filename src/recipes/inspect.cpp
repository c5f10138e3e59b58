#include "recipes/inspect_facts.h"

#include <albert/base/error.h>
#include <albert/convert/model_source.h>
#include <albert/data/store_builder.h>

#include <ostream>
#include <tuple>

namespace albert {
namespace {

namespace fs = std::filesystem;
using inspection::Facts;
using inspection::Pair;

constexpr const char* kWanted = "wanted a model folder, a run, a checkpoint, a token store, a .safetensors or a .model file";

enum class Kind { model, checkpoint, run, store, tensors, vocabulary };

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::model: return "model";
    case Kind::checkpoint: return "checkpoint";
    case Kind::run: return "run";
    case Kind::store: return "store";
    case Kind::tensors: return "tensors";
    case Kind::vocabulary: return "vocabulary";
  }
  throw InternalError("unknown kind");
}

/// What stands at a path. `place` is the file of a store.
struct Found {
  Kind kind = Kind::model;
  fs::path place;
};

/// Its facts would need every byte, transposed: what it becomes can be inspected.
[[noreturn]] void refuse_google(const fs::path& path) {
  throw IoError(fmt::format("{}: {}, got a checkpoint of TensorFlow or an archive; albert convert {} FOLDER makes a model folder of it",
                            path.string(), kWanted, path.string()));
}

/// By the files that only one kind has. A checkpoint is a model folder, too, and a run may hold a store.
Found find_in_folder(const fs::path& path) {
  const auto has = [&](const char* name) { return fs::exists(path / name); };
  if (has("manifest.json")) return {Kind::checkpoint, path};
  if (has("config.json") || has("model.safetensors") || has("model.safetensors.index.json")) return {Kind::model, path};
  if (has("config.yaml")) return {Kind::run, path};
  if (fs::exists(token_store_file(path))) return {Kind::store, token_store_file(path)};
  if (is_google_checkpoint(path)) refuse_google(path);
  const bool is_prepared = fs::exists(token_store_file(path / "store"));
  throw IoError(
      fmt::format("{}: {}, got a folder without config.json, model.safetensors, manifest.json, config.yaml and tokens.store{}",
                  path.string(), kWanted, is_prepared ? "; the token store of this run is " + (path / "store").string() : ""));
}

Found find_kind(const fs::path& path) {
  if (!fs::exists(path) && is_google_checkpoint(path)) refuse_google(path);  // FOLDER/NAME of NAME.index
  if (!fs::exists(path)) throw IoError(fmt::format("{}: {}, got nothing of that name", path.string(), kWanted));
  if (fs::is_directory(path)) return find_in_folder(path);
  if (!fs::is_regular_file(path)) throw IoError(fmt::format("{}: {}, got neither a file nor a folder", path.string(), kWanted));
  if (path.extension() == ".safetensors") return {Kind::tensors, path};
  if (path.extension() == ".model") return {Kind::vocabulary, path};
  if (path.extension() == token_store_file("").extension()) return {Kind::store, path};
  if (is_google_checkpoint(path)) refuse_google(path);
  throw IoError(fmt::format("{}: {}, got a file with another ending", path.string(), kWanted));
}

Facts parts_of(const Found& found, InspectDepth depth) {
  switch (found.kind) {
    case Kind::model: return inspection::model_facts(found.place);
    case Kind::checkpoint: return inspection::checkpoint_facts(found.place, depth);
    case Kind::run: return inspection::run_facts(found.place, depth);
    case Kind::store: return inspection::store_facts(found.place, depth);
    case Kind::tensors: return inspection::tensor_file_facts(found.place);
    case Kind::vocabulary: return inspection::vocabulary_facts(found.place);
  }
  throw InternalError("unknown kind");
}

Facts facts_of(const Found& found, const fs::path& path, InspectDepth depth) {
  const bool has_checksums = found.kind == Kind::checkpoint || found.kind == Kind::run || found.kind == Kind::store;
  if (depth == InspectDepth::checksums && !has_checksums) {
    throw ConfigError(
        fmt::format("--verify: must be used with a checkpoint, a run or a token store; {} has no checksums", path.string()));
  }
  Facts facts{{"kind", name_of(found.kind)}, {"path", path.string()}};
  facts.update(parts_of(found, depth));
  return facts;
}

/// A checkpoint is compared with a model folder by its model.
bool is_model(Kind kind) { return kind == Kind::model || kind == Kind::checkpoint; }

Facts compare(Kind kind, const Pair& pair) {
  switch (kind) {
    case Kind::model:
    case Kind::checkpoint: return inspection::compare_models(pair);
    case Kind::run: return inspection::compare_runs(pair);
    case Kind::tensors: return inspection::compare_tensor_files(pair);
    case Kind::store:
    case Kind::vocabulary: return inspection::compare_described(pair);
  }
  throw InternalError("unknown kind");
}

Facts difference(const InspectOptions& options) {
  const auto& [path_a, path_b] = std::tie(options.path, *options.other);
  const auto a = find_kind(path_a);
  const auto b = find_kind(path_b);
  if (a.kind != b.kind && !(is_model(a.kind) && is_model(b.kind))) {
    throw ConfigError(fmt::format("--diff: must be of the same kind, got {} ({}) and {} ({})", name_of(a.kind), path_a.string(),
                                  name_of(b.kind), path_b.string()));
  }
  const auto found = compare(a.kind, {.a = a.place,
                                      .b = b.place,
                                      .facts_a = facts_of(a, path_a, options.depth),
                                      .facts_b = facts_of(b, path_b, options.depth)});
  Facts result{{"kind", "difference"},
               {"of", name_of(a.kind == b.kind ? a.kind : Kind::model)},
               {"a", path_a.string()},
               {"b", path_b.string()}};
  result.update(found);
  return result;
}

}  // namespace

void inspect(const InspectOptions& options, std::ostream& out) {
  const auto facts = options.other ? difference(options) : facts_of(find_kind(options.path), options.path, options.depth);
  if (options.format == InspectFormat::text) {
    out << inspection::to_text(facts);
    return;
  }
  // File names and the header of a foreign file may hold bytes that are no UTF-8.
  out << facts.dump(2, ' ', /*ensure_ascii=*/false, Facts::error_handler_t::replace) << '\n';
}

}  // namespace albert
