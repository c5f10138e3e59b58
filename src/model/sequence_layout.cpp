#include <albert/base/error.h>
#include <albert/model/attention.h>

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <numeric>

namespace albert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows of a permutation with repeats: y = x[gather]. `scatter` names for each row of x its one true place in y; the other rows
/// of y are padding, whose gradient is zero because attention masks them, so the gradient of x is a gather again.
class PadRows : public torch::autograd::Function<PadRows> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gather, const at::Tensor& scatter) {
    context->save_for_backward({scatter});
    return x.index_select(0, gather);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {gradients[0].index_select(0, context->get_saved_variables()[0]), at::Tensor(), at::Tensor()};
  }
};

/// The way back: y = x[scatter]; rows of x that are padding get gradient zero.
class UnpadRows : public torch::autograd::Function<UnpadRows> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scatter) {
    context->save_for_backward({scatter});
    context->saved_data["rows"] = x.size(0);
    return x.index_select(0, scatter);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::Tensor result = gradients[0].new_zeros({context->saved_data["rows"].toInt(), gradients[0].size(1)});
    result.index_copy_(0, context->get_saved_variables()[0], gradients[0]);
    return {result, at::Tensor()};
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

SequenceLayout::SequenceLayout(const at::Tensor& offsets, const at::Device& device) {
  ALBERT_CHECK(
      offsets.defined() && offsets.is_cpu() && offsets.scalar_type() == at::kLong && offsets.dim() == 1 && offsets.size(0) >= 2,
      "sequence_offsets must be int64 [batch + 1] on the CPU with at least one sequence");
  const at::Tensor contiguous = offsets.contiguous();
  const std::vector<int64_t> values(contiguous.const_data_ptr<int64_t>(),
                                    contiguous.const_data_ptr<int64_t>() + contiguous.numel());
  ALBERT_CHECK(values.front() == 0, "sequence_offsets must start at 0, got {}", values.front());
  num_tokens_ = values.back();
  first_tokens_ = contiguous.slice(0, 0, -1).to(device);
  cumulative_lengths_ = contiguous.to(at::kInt).to(device);
  make_buckets(values, device);
}

void SequenceLayout::make_buckets(const std::vector<int64_t>& offsets, const at::Device& device) {
  std::vector<Sequence> sequences;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const int64_t length = offsets[i + 1] - offsets[i];
    ALBERT_CHECK(length > 0, "sequence {} has {} tokens; every sequence holds at least one", i, length);
    sequences.push_back({offsets[i], length});
  }
  const auto by_length = [](const Sequence& a, const Sequence& b) { return a.length < b.length; };
  const auto [shortest, longest] = std::minmax_element(sequences.begin(), sequences.end(), by_length);
  max_length_ = longest->length;
  is_rectangle_ = shortest->length == longest->length;
  if (is_rectangle_) {
    buckets_.push_back({static_cast<int64_t>(sequences.size()), max_length_, 0, at::Tensor()});
    return;
  }
  std::stable_sort(sequences.begin(), sequences.end(), [](const Sequence& a, const Sequence& b) { return a.length > b.length; });
  std::vector<int64_t> padded_from_packed;
  std::vector<int64_t> packed_from_padded(static_cast<size_t>(num_tokens_));
  for (size_t begin = 0; begin < sequences.size();) {
    const int64_t length = sequences[begin].length;
    const int64_t limit = shortest_in_bucket(length);
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

at::Tensor SequenceLayout::pad(const at::Tensor& packed) const {
  return is_rectangle_ ? packed : PadRows::apply(packed, padded_from_packed_, packed_from_padded_);
}

at::Tensor SequenceLayout::unpad(const at::Tensor& padded) const {
  return is_rectangle_ ? padded : UnpadRows::apply(padded, packed_from_padded_);
}

}  // namespace albert
