// From a reader of rows to a TaskStream: the same few lines for every task.
#pragma once

#include <albert/tasks/task.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace albert {

/// `Reader` has bool next(Row&); `make_set(std::vector<Row>, int64_t first)` gets at least one row, the first of which is row number
/// `first` of the stream.
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
    const int64_t first = num_read_;
    num_read_ += static_cast<int64_t>(rows.size());
    return make_set_(std::move(rows), first);
  }

 private:
  std::unique_ptr<Reader> reader_;
  MakeSet make_set_;
  bool at_end_ = false;
  int64_t num_read_ = 0;
};

template <typename Row, typename Reader, typename MakeSet>
std::unique_ptr<TaskStream> make_stream(std::unique_ptr<Reader> reader, MakeSet make_set) {
  return std::make_unique<ReaderStream<Row, Reader, MakeSet>>(std::move(reader), std::move(make_set));
}

/// A list as a reader, for formats that are read whole.
template <typename Row>
class ListReader {
 public:
  explicit ListReader(std::vector<Row> rows) : rows_(std::move(rows)) {}
  bool next(Row& row) {
    if (next_ == rows_.size()) return false;
    row = std::move(rows_[next_++]);
    return true;
  }

 private:
  std::vector<Row> rows_;
  size_t next_ = 0;
};

}  // namespace albert
