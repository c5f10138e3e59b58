#include "json_value.h"
#include "option_text.h"
#include "quoted.h"
#include "text_lines.h"

#include <albert/base/error.h>
#include <albert/data/multiple_choice.h>
#include <albert/data/table.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace albert {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kLevels[] = {"middle", "high"};

/// Below a folder: *.txt in the order of their paths, but of a folder that has an all.txt only that.
std::vector<fs::path> list_files(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<fs::path> files;
  std::set<fs::path> joined;
  auto at = fs::recursive_directory_iterator(path, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().extension() != ".txt") continue;
    files.push_back(at->path());
    if (at->path().filename() == "all.txt") joined.insert(at->path().parent_path());
  }
  if (error) throw DataError(fmt::format("{}: cannot list the folder: {}", path.string(), error.message()));
  std::erase_if(files, [&](const fs::path& file) { return joined.contains(file.parent_path()) && file.filename() != "all.txt"; });
  std::ranges::sort(files);
  if (files.empty()) {
    throw DataError(fmt::format("{}: expected RACE's files *.txt in the folder, got none; name the folder train, dev or test",
                                path.string()));
  }
  return files;
}

/// Level of a record: by its id ("high12.txt"), else by a folder of its path.
std::string_view level_of(const std::string& id, const fs::path& path) {
  for (const std::string_view level : kLevels) {
    if (id.starts_with(level)) return level;
  }
  for (const std::string_view level : kLevels) {
    if (std::ranges::find(path, fs::path(level)) != path.end()) return level;
  }
  return {};
}

class RaceReader {
 public:
  RaceReader(const DataFileConfig& file, AnswerColumn answers, RaceLevel level)
      : file_(file), answers_(answers), level_(level), policy_(file.invalid_rows) {}

  ChoiceQuestions read() {
    for (const fs::path& path : list_files(file_.path)) read_file(path);
    result_.skipped = policy_.skipped();
    if (result_.questions.empty()) {
      const std::string found = num_other_levels_ > 0       ? fmt::format("{} passages of other levels", num_other_levels_)
                                : result_.skipped.count > 0 ? fmt::format("{} that were left out; the first: {}",
                                                                          result_.skipped.count, result_.skipped.first.front())
                                                            : std::string("none; check the file");
      throw DataError(fmt::format("{}: expected at least one good question, got {}", file_.path.string(), found));
    }
    return std::move(result_);
  }

 private:
  void read_file(const fs::path& path) {
    TextLines lines(path, file_, kMaximumRecordBytes);
    TextLine line;
    while (lines.next(line)) {
      where_ = lines.where();
      line_ = lines.line_number();
      if (!line.problem.empty()) {
        policy_.refuse(line.problem);
        continue;
      }
      if (trimmed(line.text).empty()) continue;
      json record;
      if (const auto bad = parse_json_value(line.text, record)) {
        policy_.refuse(fmt::format("{}{}: expected one JSON object on a line, got {}; check the record", where_,
                                   bad->offset ? fmt::format(":{}", *bad->offset + 1) : "", bad->got));
      } else {
        read_record(record, path);
      }
    }
  }

  /// An object of the original form (lists of questions) or of one question.
  void read_record(const json& record, const fs::path& path) {
    if (!record.is_object()) return refuse_type("a JSON object", record);
    const std::string id = id_of(record, path);
    const std::string_view level = level_of(id, path);
    if (level_ != RaceLevel::all && level != kLevels[level_ == RaceLevel::middle ? 0 : 1]) {
      ++num_other_levels_;
      return;
    }
    const auto article = record.find("article");
    if (article == record.end() || !article->is_string())
      return refuse_type("a string at key \"article\"", at(record, "article"));
    const auto context = std::make_shared<const std::string>(article->get<std::string>());
    if (context->find('\0') != std::string::npos) return refuse("text at key \"article\"", "a NUL character");
    const bool is_single = record.contains("question");
    if (is_single) {
      read_question(at(record, "question"), at(record, "options"), at(record, "answer"), {.id = id, .context = context});
    } else {
      read_questions(record, id, context);
    }
    ++num_passages_;
  }

  void read_questions(const json& record, const std::string& id, const std::shared_ptr<const std::string>& context) {
    const bool reads_answers = answers_ == AnswerColumn::read;
    const json& questions = at(record, "questions");
    const json& options = at(record, "options");
    const json& answers = at(record, "answers");
    if (!questions.is_array()) return refuse_type("a list at key \"questions\"", questions);
    if (!options.is_array()) return refuse_type("a list at key \"options\"", options);
    if (reads_answers && !answers.is_array()) return refuse_type("a list at key \"answers\"", answers);
    if (options.size() != questions.size() || (reads_answers && answers.size() != questions.size())) {
      return refuse(fmt::format("options and answers for each of {} questions", questions.size()),
                    fmt::format("{} and {}", options.size(), answers.is_array() ? answers.size() : 0));
    }
    static const json kNoAnswer;
    for (size_t i = 0; i < questions.size(); ++i) {
      const json& answer = reads_answers ? answers[i] : kNoAnswer;
      read_question(questions[i], options[i], answer, {.id = fmt::format("{}#{}", id, i), .context = context});
    }
  }

  void read_question(const json& question, const json& options, const json& answer, ChoiceQuestion result) {
    if (!question.is_string()) return refuse_type("a string as question", question);
    if (!options.is_array()) return refuse_type("a list of options", options);
    for (const json& option : options) {
      if (!option.is_string()) return refuse_type("strings as options", option);
      result.options.push_back(option.get<std::string>());
    }
    if (options.size() < 2) return refuse("at least two options", fmt::format("{}", options.size()));
    result.question = question.get<std::string>();
    if (answers_ == AnswerColumn::read) {
      const auto last = static_cast<char>('A' + static_cast<char>(options.size() - 1));
      const std::string letter = answer.is_string() ? std::string(trimmed(answer.get_ref<const std::string&>())) : std::string();
      const bool is_good = letter.size() == 1 && letter[0] >= 'A' && letter[0] <= last;
      if (!is_good)
        return refuse(fmt::format("an answer from A to {}", last), answer.is_string() ? in_quotes(letter) : json_type(answer));
      result.answer = letter[0] - 'A';
    }
    result.group = num_passages_;
    result.line = line_;
    result_.questions.push_back(std::move(result));
  }

  /// Google's all.txt and the original files name their record; HF's call it example_id.
  [[nodiscard]] std::string id_of(const json& record, const fs::path& path) const {
    for (const char* key : {"id", "example_id"}) {
      if (const auto found = record.find(key); found != record.end() && found->is_string()) return found->get<std::string>();
    }
    return line_ == 1 ? path.filename().string() : fmt::format("{}:{}", path.filename().string(), line_);
  }

  static const json& at(const json& record, const char* key) {
    static const json kNothing;
    const auto found = record.find(key);
    return found == record.end() ? kNothing : *found;
  }

  void refuse_type(const std::string& wanted, const json& got) { refuse(wanted, got.is_null() ? "none" : json_type(got)); }
  void refuse(const std::string& wanted, const std::string& got) {
    policy_.refuse(fmt::format("{}: expected {}, got {}; correct the record, or set {}", where_, wanted, got,
                               option_text(file_.option_names, "invalid_rows", "skip")));
  }

  const DataFileConfig& file_;
  AnswerColumn answers_;
  RaceLevel level_;
  RowPolicy policy_;
  ChoiceQuestions result_{};
  std::string where_{};
  int64_t line_ = 0;
  int64_t num_passages_ = 0;
  int64_t num_other_levels_ = 0;
};

}  // namespace

ChoiceQuestions read_race(const DataFileConfig& file, AnswerColumn answers, RaceLevel level) {
  return RaceReader(file, answers, level).read();
}

}  // namespace albert
