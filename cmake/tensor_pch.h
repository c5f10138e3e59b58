// Precompiled once and shared by every source that uses tensors but no modules.
#pragma once
#include "base_pch.h"

#include <ATen/ATen.h>
