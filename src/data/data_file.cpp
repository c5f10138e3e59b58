#include "option_text.h"

#include <albert/base/error.h>
#include <albert/data/data_file.h>

#include <algorithm>
#include <array>
#include <set>

namespace albert {
namespace {

constexpr std::array<std::pair<std::string_view, FileFormat>, 9> kExtensions = {{{".csv", FileFormat::csv},
                                                                                 {".tsv", FileFormat::tsv},
                                                                                 {".jsonl", FileFormat::jsonl},
                                                                                 {".ndjson", FileFormat::jsonl},
                                                                                 {".json", FileFormat::json},
                                                                                 {".txt", FileFormat::text},
                                                                                 {".conll", FileFormat::conll},
                                                                                 {".bio", FileFormat::conll},
                                                                                 {".conllu", FileFormat::conllu}}};

}  // namespace

void DataFileConfig::validate(config::Issues& issues) const {
  if (separator.size() > 1 || separator == "\"" || separator == "\n" || separator == "\r") {
    issues.add("separator", "must be one ASCII character other than a quote or a line end, got \"" + separator + "\"");
  }
  if (header == HeaderRow::present && !column_names.empty()) issues.add("column_names", "must be empty where header is present");
  std::set<std::string> seen;
  for (const std::string& name : column_names) {
    if (!seen.insert(name).second) issues.add("column_names", "must hold each name once, got \"" + name + "\" twice");
  }
  if (!records.empty() && format != FileFormat::json && format != FileFormat::automatic) {
    issues.add("records", "must be empty unless format is json");
  }
}

std::optional<FileFormat> format_of_extension(const std::filesystem::path& path) {
  auto extension = path.extension();
  if (extension == ".gz" || extension == ".zst") extension = path.stem().extension();
  const auto* found = std::ranges::find(kExtensions, extension.string(), &std::pair<std::string_view, FileFormat>::first);
  return found == kExtensions.end() ? std::nullopt : std::optional(found->second);
}

FileFormat DataFileConfig::resolved_format() const {
  if (format != FileFormat::automatic) return format;
  if (const auto known = format_of_extension(path)) return *known;
  const auto extension = path.extension();
  throw ConfigError(
      fmt::format("{}: expected a name that ends in .csv, .tsv, .jsonl, .json, .txt, .conll or .conllu, got {}; set {}",
                  path.string(), extension.empty() ? "none of them" : extension.string(), option_text(option_names, "format")));
}

ColumnMap ColumnMap::or_else(const ColumnMap& defaults) const {
  ColumnMap map = *this;
  const auto fill = [](auto& column, const auto& value) {
    if (!column) column = value;
  };
  fill(map.text, defaults.text);
  fill(map.text_pair, defaults.text_pair);
  fill(map.label, defaults.label);
  fill(map.id, defaults.id);
  fill(map.token, defaults.token);
  fill(map.tag, defaults.tag);
  fill(map.context, defaults.context);
  fill(map.question, defaults.question);
  fill(map.answer, defaults.answer);
  if (map.options.empty()) map.options = defaults.options;
  if (map.answer_form == AnswerForm::automatic) map.answer_form = defaults.answer_form;
  if (map.label_separator.empty()) map.label_separator = defaults.label_separator;
  if (map.label_end.empty()) map.label_end = defaults.label_end;
  return map;
}

}  // namespace albert
