#include "json_value.h"
#include "option_text.h"
#include "quoted.h"
#include "row_source.h"
#include "text_lines.h"

#include <albert/base/error.h>

#include <nlohmann/json.hpp>

#include <optional>

namespace albert {
namespace {

using nlohmann::json;

/// Appends what stands at the dotted `path` of `value`; a list on the way stands for each of its elements. False: nothing is
/// there.
bool collect(const json& value, std::string_view path, std::vector<const json*>& found, bool& is_list) {
  if (path.empty()) {
    found.push_back(&value);
    return true;
  }
  if (value.is_array()) {
    is_list = true;
    for (const json& element : value) {
      if (!collect(element, path, found, is_list)) return false;
    }
    return true;
  }
  if (!value.is_object()) return false;
  if (const auto whole = value.find(std::string(path)); whole != value.end()) return collect(*whole, {}, found, is_list);
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return false;
  const auto part = value.find(std::string(path.substr(0, dot)));
  return part != value.end() && collect(*part, path.substr(dot + 1), found, is_list);
}

/// The text of a scalar; nullopt for lists, objects, null, and text with NUL.
std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.find('\0') == std::string::npos ? std::optional(text) : std::nullopt;
  }
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

std::string got(const json& value) { return value.is_string() ? "a NUL character" : json_type(value); }

/// A key, and how errors call the options.
struct WantedKey {
  const std::string& name;
  OptionNames option_names;
};

/// Fills the cell; what is wrong with it, or nothing.
std::string fill_cell(const std::vector<const json*>& found, bool is_list, const WantedKey& key, Cell& cell) {
  cell = {};
  std::vector<const json*> items = found;
  cell.is_list = is_list;
  if (!is_list && found[0]->is_array()) {
    cell.is_list = true;
    items.clear();
    for (const json& item : *found[0]) items.push_back(&item);
  }
  if (!cell.is_list && found[0]->is_null()) {
    cell.is_missing = true;
    return {};
  }
  for (const json* item : items) {
    auto text = scalar_text(*item);
    if (!text)
      return fmt::format("expected text at key {}, got {}; correct the record, or set {}", in_quotes(key.name), got(*item),
                         option_text(key.option_names, "columns"));
    if (!cell.is_list) {
      cell.text = std::move(*text);
    } else {
      cell.items.push_back(std::move(*text));
    }
  }
  return {};
}

std::string keys_of(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, unused] : object.items()) keys.push_back(in_quotes(key));
  return keys.empty() ? "an empty object" : listed(keys);
}

std::string missing_key(const json& object, const WantedKey& wanted) {
  std::vector<std::string> keys;
  for (const auto& [key, unused] : object.items()) keys.push_back(key);
  return fmt::format("expected a key {}, got {}; {}set {}", in_quotes(wanted.name), keys_of(object), suggestion(wanted.name, keys),
                     option_text(wanted.option_names, "columns"));
}

/// Fills the cells of a row from an object, or from a list by number; what is wrong, or nothing.
std::string fill_cells(const json& record, const std::vector<WantedColumn>& wanted, OptionNames option_names, std::vector<Cell>& cells) {
  if (!record.is_object() && !record.is_array())
    return fmt::format("expected a JSON object, got {}; check the record", json_type(record));
  cells.resize(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    std::vector<const json*> found;
    bool is_list = false;
    const WantedKey key{wanted[i].name, option_names};
    const size_t number = column_number(wanted[i].name);
    if (record.is_array() && number != 0 && number <= record.size()) {
      found.push_back(&record[number - 1]);
    } else if (record.is_array() && !wanted[i].is_optional) {
      return number != 0 ? fmt::format("expected a column {}, got a list of {}; check the record", number, record.size())
                         : fmt::format("expected a JSON object, got a list; set {} to numbers from 1", option_text(option_names, "columns"));
    } else if (record.is_object() && !collect(record, wanted[i].name, found, is_list)) {
      if (!wanted[i].is_optional) return missing_key(record, key);
      found.clear();
    }
    if (found.empty() && !is_list) {
      cells[i] = {};
      cells[i].is_missing = true;
    } else if (std::string problem = fill_cell(found, is_list, key, cells[i]); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

class JsonLines final : public RowSource {
 public:
  JsonLines(const DataFileConfig& file, std::vector<WantedColumn> wanted)
      : lines_(file.path, file, kMaximumRecordBytes), option_names_(file.option_names), wanted_(std::move(wanted)) {}

  bool next(TableRow& row, std::string& problem) override {
    do {
      if (!lines_.next(line_)) return false;
    } while (trimmed(line_.text).empty() && line_.problem.empty());
    row.line = lines_.line_number();
    row.index = num_records_++;
    problem = line_.problem;
    if (!problem.empty()) return true;
    json record;
    if (const auto bad = parse_json_value(line_.text, record)) {
      problem = bad->offset ? fmt::format("{}:{}", lines_.where(), *bad->offset + 1) : lines_.where();
      problem += fmt::format(": expected one JSON object on a line, got {}; check the record", bad->got);
    } else if (std::string text = fill_cells(record, wanted_, option_names_, row.cells); !text.empty()) {
      problem = fmt::format("{}: {}", lines_.where(), text);
    }
    return true;
  }
  [[nodiscard]] std::string where(const TableRow& row) const override { return fmt::format("{}:{}", lines_.name(), row.line); }
  [[nodiscard]] bool has_column(size_t) const override { return true; }
  [[nodiscard]] const std::vector<std::string>& column_names() const override { return names_; }
  [[nodiscard]] std::string empty_file() const override { return "an empty file"; }

 private:
  TextLines lines_;
  OptionNames option_names_;
  std::vector<WantedColumn> wanted_;
  TextLine line_{};
  int64_t num_records_ = 0;
  std::vector<std::string> names_{};
};

class JsonDocument final : public RowSource {
 public:
  JsonDocument(const DataFileConfig& file, std::vector<WantedColumn> wanted)
      : name_(file.path.string()), option_names_(file.option_names), wanted_(std::move(wanted)) {
    const std::string text = read_text(file, kMaximumJsonBytes);
    if (trimmed(text).empty()) return;
    is_empty_ = false;
    if (const auto bad = parse_json_value(text, document_)) {
      throw DataError(fmt::format("{}{}: expected JSON, got {}; check the file, or set {}", name_,
                                  bad->offset ? ":" + line_and_column(text, *bad->offset) : "", bad->got,
                                  option_text(file.option_names, "format", "jsonl")));
    }
    find_lists(file.records);
  }

  bool next(TableRow& row, std::string& problem) override {
    while (list_ < lists_.size() && at_ == lists_[list_].values->size()) {
      ++list_;
      at_ = 0;
    }
    if (list_ == lists_.size()) return false;
    row.index = num_records_++;
    row.line = num_records_;
    const json& record = (*lists_[list_].values)[at_++];
    problem = fill_cells(record, wanted_, option_names_, row.cells);
    if (!problem.empty()) problem = fmt::format("{}: {}", where(row), problem);
    return true;
  }
  /// "file: train[3]"; of the last row.
  [[nodiscard]] std::string where(const TableRow&) const override {
    return fmt::format("{}: {}[{}]", name_, lists_[list_].name, at_ - 1);
  }
  [[nodiscard]] bool has_column(size_t) const override { return true; }
  [[nodiscard]] const std::vector<std::string>& column_names() const override { return names_; }
  [[nodiscard]] std::string empty_file() const override { return is_empty_ ? "an empty file" : "empty lists"; }

 private:
  struct List {
    std::string name;
    const json* values;
  };

  /// `albert predict` has no option for it.
  [[nodiscard]] std::string_view records_cure(std::string_view configured) const {
    return option_names_ == OptionNames::configuration ? configured : "give one object a line, and set --format jsonl";
  }

  void find_lists(const std::vector<std::string>& keys) {
    if (keys.empty() && !document_.is_array()) {
      throw DataError(fmt::format("{}: expected a list of records, got {}; {}", name_,
                                  document_.is_object() ? "an object with " + keys_of(document_) : json_type(document_),
                                  records_cure("set records to the key of the list")));
    }
    if (keys.empty()) lists_.push_back({"record", &document_});
    for (const std::string& key : keys) {
      if (!document_.is_object())
        throw DataError(fmt::format("{}: expected an object, got {}; {}", name_, json_type(document_), records_cure("leave records empty")));
      const auto found = document_.find(key);
      if (found == document_.end()) {
        std::vector<std::string> known;
        for (const auto& [name, unused] : document_.items()) known.push_back(name);
        throw DataError(fmt::format("{}: expected a key {}, got {}; {}{}", name_, in_quotes(key), keys_of(document_),
                                    suggestion(key, known), records_cure("set records")));
      }
      if (!found->is_array())
        throw DataError(
            fmt::format("{}: expected a list at key {}, got {}; {}", name_, in_quotes(key), json_type(*found), records_cure("set records")));
      lists_.push_back({key, &*found});
    }
  }

  std::string name_;
  OptionNames option_names_;
  std::vector<WantedColumn> wanted_;
  json document_{};
  std::vector<List> lists_{};
  size_t list_ = 0;
  size_t at_ = 0;
  int64_t num_records_ = 0;
  bool is_empty_ = true;
  std::vector<std::string> names_{};
};

}  // namespace

std::unique_ptr<RowSource> open_json_rows(const DataFileConfig& file, std::vector<WantedColumn> wanted) {
  if (file.resolved_format() == FileFormat::jsonl) return std::make_unique<JsonLines>(file, std::move(wanted));
  return std::make_unique<JsonDocument>(file, std::move(wanted));
}

}  // namespace albert
