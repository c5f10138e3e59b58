// How fast this machine multiplies matrices: the yardstick of `mfu`.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace albert {

/// Floating-point operations per second of [2048, 768] x [768, 3072] (the first matrix of base's feed-forward layer with 2048
/// tokens), with the current number of threads; the best of several tries in about 0.3 s. A slow machine is measured once.
double measure_matmul_rate(at::Device device, at::ScalarType type);

}  // namespace albert
