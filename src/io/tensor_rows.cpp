#include <albert/base/error.h>
#include <albert/io/tensor_rows.h>

#include <bit>
#include <utility>

namespace albert::io {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is written as it is");

/// Room for the header, whose length is known before the number of rows is; spaces fill it up.
constexpr uint64_t kHeaderBytes = 248;

}  // namespace

TensorRows::TensorRows(std::filesystem::path path, std::string name, int64_t columns)
    : file_(std::move(path)), name_(std::move(name)), columns_(columns) {
  ALBERT_CHECK(columns_ > 0, "a matrix of {} columns", columns_);
  const uint64_t length = kHeaderBytes;
  file_.writer().write(std::as_bytes(std::span(&length, 1)));
  file_.writer().write(header());
}

std::string TensorRows::header() const {
  auto text = fmt::format(R"({{"{}":{{"dtype":"F32","shape":[{},{}],"data_offsets":[0,{}]}}}})", name_, rows_, columns_,
                          rows_ * columns_ * static_cast<int64_t>(sizeof(float)));
  ALBERT_CHECK(text.size() <= kHeaderBytes, "a header of {} bytes", text.size());
  text.resize(kHeaderBytes, ' ');
  return text;
}

void TensorRows::add(std::span<const float> values) {
  const auto count = static_cast<int64_t>(values.size());
  ALBERT_CHECK(count % columns_ == 0, "{} values for rows of {}", count, columns_);
  file_.writer().write(std::as_bytes(values));
  rows_ += count / columns_;
}

void TensorRows::commit() {
  const std::string text = header();
  file_.writer().write_at(sizeof(uint64_t), std::as_bytes(std::span(text)));
  file_.commit();
}

}  // namespace albert::io
