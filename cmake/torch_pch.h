// Precompiled once and shared by every source that uses modules or autograd. Keep it to headers that most of them need.
#pragma once
#include "tensor_pch.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
