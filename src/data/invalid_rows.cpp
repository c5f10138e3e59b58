#include <albert/base/error.h>
#include <albert/data/invalid_rows.h>

namespace albert {

void SkippedRows::add(const SkippedRows& other) {
  count += other.count;
  for (const std::string& text : other.first) {
    if (first.size() < kMaximumListed) first.push_back(text);
  }
}

void RowPolicy::refuse(const std::string& text) {
  if (policy_ == InvalidRows::error) throw DataError(text);
  ++skipped_.count;
  if (skipped_.first.size() < SkippedRows::kMaximumListed) skipped_.first.push_back(text);
}

}  // namespace albert
