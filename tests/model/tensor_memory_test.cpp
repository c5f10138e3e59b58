#include <albert/model/tensor_memory.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace albert {
namespace {

constexpr int64_t kFloats = 1 << 18;
constexpr int64_t kTensorBytes = kFloats * 4;

TEST(TensorMemory, CountsWhatIsInUseAtOneTime) {
  const at::Tensor before = at::empty({kFloats});
  TensorMemory memory;
  EXPECT_EQ(memory.peak_bytes(), 0);
  at::Tensor a = at::empty({kFloats});
  { const at::Tensor b = at::empty({kFloats}); }
  const at::Tensor c = at::empty({kFloats});
  EXPECT_EQ(memory.current_bytes(), 2 * kTensorBytes);
  a.reset();
  EXPECT_EQ(memory.current_bytes(), kTensorBytes);
  EXPECT_EQ(memory.peak_bytes(), 2 * kTensorBytes);
}

TEST(TensorMemory, SeesTheBackwardPass) {
  const at::Tensor x = at::ones({kFloats}).requires_grad_();
  TensorMemory memory;
  (x.exp() * 2).sum().backward();
  EXPECT_GE(memory.current_bytes(), kTensorBytes);      // the gradient
  EXPECT_GE(memory.peak_bytes(), 2 * kTensorBytes);  // exp's result beside it
}

TEST(TensorMemory, CountsNothingAfterItsEnd) {
  TensorMemory outer;
  {
    TensorMemory inner;
    const at::Tensor a = at::empty({kFloats});
    EXPECT_EQ(inner.peak_bytes(), kTensorBytes);
  }
  const at::Tensor b = at::empty({kFloats});
  EXPECT_EQ(outer.peak_bytes(), kTensorBytes);
}

}  // namespace
}  // namespace albert
