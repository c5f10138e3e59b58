// The most memory that a run held so far.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace albert {

/// On the CPU the largest resident size of the process, on an accelerator the most bytes that tensors held.
int64_t peak_memory_bytes(at::Device device);

}  // namespace albert
