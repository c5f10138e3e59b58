// A task over a vocabulary of 15 pieces and over files that a test writes.
#pragma once

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/yaml_reader.h>
#include <albert/tasks/task_registry.h>
#include <temporary_folder.h>
#include <tokenizer/model_builder.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert::testing {

/// Text of the error that `function` throws.
template <typename Function>
std::string error_text(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline std::string written(const TaskAnswers& answers, PredictionFormat format) {
  std::ostringstream out;
  answers.write(format, out);
  return out.str();
}

inline std::vector<std::string> names_of(const MetricMap& metrics) {
  std::vector<std::string> names;
  for (const auto& [name, value] : metrics) names.push_back(name);
  return names;
}

/// Pieces: [CLS] 2, [SEP] 3, "-" 5, word mark 6, a 7, b 8, "_ab" 9, "_1," 10, "1" 11, "," 12, "_1" 13, "_the" 14.
struct TaskFixture : ::testing::Test {
  TemporaryFolder folder;
  Tokenizer tokenizer = Tokenizer::from_bytes(ModelBuilder().bytes(), {}, "x.model");
  int64_t max_length = 32;

  DataFileConfig file(const std::string& name, std::string_view text) const {
    write_file_atomically(folder / name, text);
    DataFileConfig config;
    config.path = folder / name;
    return config;
  }

  /// Options of a section `task`.
  TaskOptions options(std::string_view yaml) const { return task_options(config::parse_config<TaskConfig>(yaml, "task.yaml"), max_length); }
  std::unique_ptr<Task> make(std::string_view yaml) const { return make_task(options(yaml), tokenizer); }

  /// Text of an error with the test's folder as "FOLDER".
  template <typename Function>
  std::string error_of(const Function& function) const {
    std::string text = error_text(function);
    const std::string path = folder.path().string();
    for (size_t at = text.find(path); at != std::string::npos; at = text.find(path)) text.replace(at, path.size(), "FOLDER");
    return text;
  }
};

/// The metric that chooses is one that the bootstrap can measure, and measure_all() gives no fewer than measure().
inline void expect_metrics(const Task& task, const TaskAnswers& answers, const std::vector<std::string>& names) {
  const std::vector<int64_t> first{0};
  EXPECT_THAT(names_of(answers.measure(first)), ::testing::UnorderedElementsAreArray(names));
  EXPECT_THAT(names_of(answers.measure_all()), ::testing::IsSupersetOf(names));
  EXPECT_THAT(names, ::testing::Contains(task.description().metric));
}

}  // namespace albert::testing
