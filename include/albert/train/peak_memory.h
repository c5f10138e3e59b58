// The most memory that a run held so far.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace albert {

/// On the CPU the largest resident size of the process, on an accelerator the most bytes that tensors held.
int64_t peak_memory_bytes(at::Device device);

/// Counts from now on; on the CPU, freed memory goes back to the system first. Where the system does not allow it, nothing changes.
void forget_peak_memory(at::Device device);

}  // namespace albert
