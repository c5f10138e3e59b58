#include <albert/base/error.h>
#include <albert/model/attention.h>

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <bit>
#include <numeric>

namespace albert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor with_zero_rows(const at::Tensor& x, int64_t rows) { return x.size(0) == rows ? x : at::constant_pad_nd(x, {0, 0, 0, rows - x.size(0)}); }

/// Rows of a permutation with repeats: y = x[gather]. `scatter` names for each token its one true place in y; the other rows
/// of y are padding, whose gradient is zero because attention masks them, so the gradient of x is a gather again.
class PadRows : public torch::autograd::Function<PadRows> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gather, const at::Tensor& scatter) {
    context->save_for_backward({scatter});
    context->saved_data["rows"] = x.size(0);
    return x.index_select(0, gather);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor tokens = gradients[0].index_select(0, context->get_saved_variables()[0]);
    return {with_zero_rows(tokens, context->saved_data["rows"].toInt()), at::Tensor(), at::Tensor()};
  }
};

/// The way back: y = x[scatter], and zeros behind; rows of x that are padding get gradient zero.
class UnpadRows : public torch::autograd::Function<UnpadRows> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scatter, int64_t rows) {
    context->save_for_backward({scatter});
    context->saved_data["rows"] = x.size(0);
    return with_zero_rows(x.index_select(0, scatter), rows);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor scatter = context->get_saved_variables()[0];
    at::Tensor result = gradients[0].new_zeros({context->saved_data["rows"].toInt(), gradients[0].size(1)});
    result.index_copy_(0, scatter, gradients[0].narrow(0, 0, scatter.size(0)));
    return {result, at::Tensor(), at::Tensor()};
  }
};

struct Sequence {
  int64_t first = 0;
  int64_t length = 0;
};

/// Shortest sequence that shares a bucket with one of `longest`: a quarter shorter, at most; very short ones together.
int64_t shortest_in_bucket(int64_t longest) {
  constexpr int64_t kAlwaysTogether = 16;
  return longest - std::max(kAlwaysTogether, longest / 4);
}

at::Tensor to_device(const std::vector<int64_t>& values, const at::Device& device) {
  return at::tensor(values, at::TensorOptions().dtype(at::kLong)).to(device);
}

at::Tensor make_key_mask(std::span<const Sequence> sequences, int64_t length, const at::Device& device) {
  std::vector<int64_t> lengths;
  for (const Sequence& sequence : sequences) lengths.push_back(sequence.length);
  const at::Tensor limits = at::tensor(lengths, at::TensorOptions().dtype(at::kLong)).unsqueeze(1);
  const at::Tensor mask = at::arange(length).unsqueeze(0).lt(limits);  // [sequences, length]
  return mask.view({static_cast<int64_t>(sequences.size()), 1, 1, length}).to(device);
}

}  // namespace

int64_t rounded_up(int64_t n) {
  constexpr int64_t kSizesOfOctave = 8;
  constexpr int64_t kLongestStep = 64;
  const auto octave = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::max<int64_t>(n, 1))));
  const int64_t step = std::clamp<int64_t>(octave / kSizesOfOctave, 1, kLongestStep);
  return (n + step - 1) / step * step;
}

bool prefers_rounded_shapes(const at::Device& device, at::ScalarType type) { return device.is_cpu() && at::isReducedFloatingType(type); }

SequenceLayout::SequenceLayout(const at::Tensor& offsets, const at::Device& device, bool rounded) {
  ALBERT_CHECK(
      offsets.defined() && offsets.is_cpu() && offsets.scalar_type() == at::kLong && offsets.dim() == 1 && offsets.size(0) >= 2,
      "sequence_offsets must be int64 [batch + 1] on the CPU with at least one sequence");
  const at::Tensor contiguous = offsets.contiguous();
  const std::vector<int64_t> values(contiguous.const_data_ptr<int64_t>(),
                                    contiguous.const_data_ptr<int64_t>() + contiguous.numel());
  ALBERT_CHECK(values.front() == 0, "sequence_offsets must start at 0, got {}", values.front());
  num_tokens_ = values.back();
  num_rows_ = rounded ? rounded_up(num_tokens_) : num_tokens_;
  first_tokens_ = contiguous.slice(0, 0, -1).to(device);
  cumulative_lengths_ = contiguous.to(at::kInt).to(device);
  make_buckets(values, device, rounded);
}

void SequenceLayout::make_buckets(const std::vector<int64_t>& offsets, const at::Device& device, bool rounded) {
  std::vector<Sequence> sequences;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const int64_t length = offsets[i + 1] - offsets[i];
    ALBERT_CHECK(length > 0, "sequence {} has {} tokens; every sequence holds at least one", i, length);
    sequences.push_back({offsets[i], length});
  }
  const auto by_length = [](const Sequence& a, const Sequence& b) { return a.length < b.length; };
  const auto [least, most] = std::minmax_element(sequences.begin(), sequences.end(), by_length);
  max_length_ = most->length;
  is_rectangle_ = least->length == most->length;
  if (is_rectangle_) {
    buckets_.push_back({static_cast<int64_t>(sequences.size()), max_length_, 0, at::Tensor()});
    return;
  }
  std::stable_sort(sequences.begin(), sequences.end(), [](const Sequence& a, const Sequence& b) { return a.length > b.length; });
  std::vector<int64_t> padded_from_packed;
  std::vector<int64_t> packed_from_padded(static_cast<size_t>(num_tokens_));
  for (size_t begin = 0; begin < sequences.size();) {
    const int64_t longest = sequences[begin].length;
    const int64_t length = rounded ? rounded_up(longest) : longest;
    const int64_t limit = shortest_in_bucket(longest);
    size_t end = begin;
    while (end < sequences.size() && sequences[end].length >= limit) ++end;
    const std::span<const Sequence> members(sequences.data() + begin, end - begin);
    const bool is_padded = members.back().length != length;
    buckets_.push_back({static_cast<int64_t>(members.size()), length, static_cast<int64_t>(padded_from_packed.size()),
                        is_padded ? make_key_mask(members, length, device) : at::Tensor()});
    for (const Sequence& sequence : members) {
      for (int64_t i = 0; i < length; ++i) {
        const bool is_real = i < sequence.length;
        const int64_t token = sequence.first + (is_real ? i : 0);
        if (is_real) packed_from_padded[static_cast<size_t>(token)] = static_cast<int64_t>(padded_from_packed.size());
        padded_from_packed.push_back(token);
      }
    }
    begin = end;
  }
  padded_from_packed_ = to_device(padded_from_packed, device);
  packed_from_padded_ = to_device(packed_from_padded, device);
}

at::Tensor SequenceLayout::extend(const at::Tensor& tokens) const { return with_zero_rows(tokens, num_rows_); }

at::Tensor SequenceLayout::shorten(const at::Tensor& rows) const { return num_rows_ == num_tokens_ ? rows : rows.narrow(0, 0, num_tokens_); }

at::Tensor SequenceLayout::pad(const at::Tensor& packed) const {
  return is_rectangle_ ? shorten(packed) : PadRows::apply(packed, padded_from_packed_, packed_from_padded_);
}

at::Tensor SequenceLayout::unpad(const at::Tensor& padded) const {
  return is_rectangle_ ? extend(padded) : UnpadRows::apply(padded, packed_from_padded_, num_rows_);
}

}  // namespace albert
