// From a reader of rows to a TaskStream: the same few lines for every task.
#pragma once

#include <albert/tasks/task.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace albert {

/// `Reader` has bool next(Row&) and skipped(); `make_set(std::vector<Row>)` gets at least one row.
template <typename Row, typename Reader, typename MakeSet>
class ReaderStream final : public TaskStream {
 public:
  ReaderStream(std::unique_ptr<Reader> reader, MakeSet make_set) : reader_(std::move(reader)), make_set_(std::move(make_set)) {}

  std::unique_ptr<TaskSet> next(int64_t max_examples) override {
    std::vector<Row> rows;
    while (!at_end_ && static_cast<int64_t>(rows.size()) < max_examples) {
      Row row{};
      at_end_ = !reader_->next(row);
      if (!at_end_) rows.push_back(std::move(row));
    }
    if (rows.empty()) return nullptr;
    return make_set_(std::move(rows));
  }
  [[nodiscard]] const SkippedRows& skipped() const override { return reader_->skipped(); }

 private:
  std::unique_ptr<Reader> reader_;
  MakeSet make_set_;
  bool at_end_ = false;
};

template <typename Row, typename Reader, typename MakeSet>
std::unique_ptr<TaskStream> make_stream(std::unique_ptr<Reader> reader, MakeSet make_set) {
  return std::make_unique<ReaderStream<Row, Reader, MakeSet>>(std::move(reader), std::move(make_set));
}

/// A list as a reader, for formats that are read whole.
template <typename Row>
class ListReader {
 public:
  explicit ListReader(std::vector<Row> rows, SkippedRows skipped = {}) : rows_(std::move(rows)), skipped_(std::move(skipped)) {}
  bool next(Row& row) {
    if (next_ == rows_.size()) return false;
    row = std::move(rows_[next_++]);
    return true;
  }
  [[nodiscard]] const SkippedRows& skipped() const { return skipped_; }

 private:
  std::vector<Row> rows_;
  SkippedRows skipped_;
  size_t next_ = 0;
};

}  // namespace albert
