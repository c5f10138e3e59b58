#include "recipes/head_trial.h"

#include <albert/base/error.h>
#include <albert/base/replacing_folder.h>
#include <albert/convert/onnx.h>
#include <albert/convert/vocabulary.h>
#include <albert/recipes/convert.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <set>

namespace albert {
namespace {

constexpr size_t kShown = 12;

std::string some_of(const std::vector<std::string>& names) {
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  const auto more = names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : std::string();
  return fmt::format("{}{}", fmt::join(first, ", "), more);
}

void tell(std::ostream& out, std::string_view what, const std::vector<std::string>& names) {
  if (!names.empty()) out << fmt::format("{:<14}{}\n", what, some_of(names));
}

/// Names without the family's prefix are counted, not listed; a bare encoder has none.
void tell_renamed(std::ostream& out, const ModelSource& source) {
  std::vector<std::string> names;
  size_t num_prefixed = 0;
  for (const auto& [from, to] : source.notes.renamed) {
    if (to == "albert." + from || to == "bert." + from) {
      ++num_prefixed;
    } else {
      names.push_back(fmt::format("{} to {}", from, to));
    }
  }
  const bool is_bare = source.config.architecture.ends_with("Model");
  if (num_prefixed > 0 && !is_bare) names.insert(names.begin(), fmt::format("{} tensors without their prefix", num_prefixed));
  tell(out, "renamed", names);
}

void tell_source(std::ostream& out, const ConvertOptions& options, const ModelSource& source) {
  uint64_t bytes = 0;
  std::set<std::string_view> types;
  for (const auto& [name, array] : source.arrays) {
    bytes += array.bytes.size();
    types.insert(io::name(array.type));
  }
  const auto& named = source.config.architecture;
  out << fmt::format("{:<14}{}, {}: {}, {} tensors of {}, {:.1f} MB\n", "read", options.source.string(), source.kind,
                     named.empty() ? "no class named" : named, source.arrays.size(), fmt::join(types, " and "),
                     static_cast<double>(bytes) / 1e6);
  tell_renamed(out, source);
  tell(out, "skipped", source.notes.skipped);
  if (!source.notes.assumed.empty()) tell(out, "assumed", {source.notes.assumed});
  tell(out, "added", source.notes.added);
  tell(out, "changed", source.notes.changed);
  tell(out, "filled in", source.notes.filled);
}

void set_heads(AlbertConfig& shape, int64_t number, std::string_view option) {
  shape.num_attention_heads = number;
  config::Issues issues;
  shape.validate(issues);
  if (!issues.empty()) throw ConfigError(fmt::format("{}: {} {}", option, issues.all().front().key, issues.all().front().text));
}

void check_heads(const ConvertOptions& options, const AlbertConfig& shape) {
  if (options.num_attention_heads && !options.try_heads.empty()) {
    throw ConfigError("--num-attention-heads, --try-heads: must not be given together");
  }
  if (options.try_heads.empty() == options.text.has_value()) throw ConfigError("--try-heads, --text: must be given together");
  for (const int64_t number : options.try_heads) {
    auto tried = shape;
    set_heads(tried, number, "--try-heads");
  }
}

/// The number of heads with the lowest loss. Throws IoError where none has a finite one: nothing is known about the number then.
int64_t best_heads(const ConvertOptions& options, const ModelSource& source, std::ostream& out) {
  const auto found = try_head_numbers(source, options.try_heads, *options.text, options.device);
  const auto loss_of = [](const HeadTrial& trial) { return std::isfinite(trial.loss) ? trial.loss : HUGE_VAL; };
  for (const auto& trial : found.trials) {
    out << fmt::format("{:<14}{} heads: loss {:.6f} over {} masked of {} pieces\n", "tried", trial.num_heads, trial.loss, found.num_masked,
                       found.num_pieces);
  }
  const auto best = std::ranges::min_element(found.trials, {}, loss_of);
  if (!std::isfinite(best->loss)) {
    throw IoError(fmt::format("{}: --try-heads: wanted a finite loss with one of {} heads, got none; the weights hold values that are not finite, "
                              "or far too large", source.where, fmt::join(options.try_heads, ", ")));
  }
  out << fmt::format("{:<14}{} heads\n", "kept", best->num_heads);
  return best->num_heads;
}

void write_folder(const std::filesystem::path& target, const ModelSource& source, const std::string& named, std::ostream& out) {
  write_hugging_face_folder(target, source);
  std::vector<std::string> files;
  for (const auto& item : source.texts) files.push_back(item.first);
  out << fmt::format("{:<14}{}: {}{}, {} tensors{}\n", "wrote", target.string(), source.config.architecture,
                     named == source.config.architecture ? "" : " (the class that the tensors make)", source.arrays.size(),
                     files.empty() ? "; no vocabulary" : fmt::format("; {}", fmt::join(files, ", ")));
}

/// Whatever the case, as file managers of other systems show it.
bool ends_in_onnx(const std::filesystem::path& target) {
  auto extension = target.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension == ".onnx";
}

/// The vocabulary stays where it is: a runtime takes ids.
void write_onnx_file(const std::filesystem::path& target, const ModelSource& source, std::ostream& out) {
  const auto& architecture = source.config.architecture;
  write_onnx(target, {.shape = source.config.shape, .head = onnx_head_of(architecture, source.where), .where = source.where}, source.arrays);
  out << fmt::format("{:<14}{}: {} in fp32 as ONNX, {:.1f} MB\n", "wrote", target.string(), architecture,
                     static_cast<double>(std::filesystem::file_size(target)) / 1e6);
}

}  // namespace

void convert_model(const ConvertOptions& options, std::ostream& out) {
  require_new_name(options.target);
  auto source = read_model_source(options.source);
  check_heads(options, source.config.shape);
  if (options.architecture) take_as(source, *options.architecture);
  tell_source(out, options, source);
  const auto named = source.config.architecture;
  const bool is_onnx = ends_in_onnx(options.target);
  if (!is_onnx) tell(out, "made", complete_vocabulary(source));
  if (is_onnx) onnx_head_of(named, source.where);  // refuses before anything long is done
  const auto settled = settle(source, options.strictness);
  if (options.architecture && source.config.architecture != *options.architecture) {
    throw ConfigError(fmt::format("--class: must be a class that the tensors of {} make, which is {}, got {}", source.where,
                                  source.config.architecture, *options.architecture));
  }
  tell(out, "left out", settled.left_out);
  tell(out, "started anew", settled.started_anew);

  auto& shape = source.config.shape;
  const int64_t heads = shape.num_attention_heads;
  if (options.num_attention_heads) set_heads(shape, *options.num_attention_heads, "--num-attention-heads");
  if (!options.try_heads.empty()) set_heads(shape, best_heads(options, source, out), "--try-heads");
  if (shape.num_attention_heads != heads) {
    out << fmt::format("{:<14}num_attention_heads from {} to {}\n", "set", heads, shape.num_attention_heads);
  }

  if (is_onnx) {
    write_onnx_file(options.target, source, out);
  } else {
    write_folder(options.target, source, named, out);
  }
}

}  // namespace albert
