#!/usr/bin/env python3
"""Golden values for the optimizers: ten steps of LAMB and of AdamW in both forms.

    python scripts/make_optimizer_golden.py tests/golden/optim

Needs numpy, safetensors and, for the bias-corrected AdamW, torch. LAMB and Google's AdamW are written out here in plain numpy, in
fp32, from the published description of google-research/albert (lamb_optimizer.py, optimization.py): no bias correction, epsilon
outside the root, no clamp, `LayerNorm|layer_norm|bias` excluded from decay and trust ratio. No line is shared with the C++ code.
"""

import hashlib
import json
import pathlib
import re
import sys

import numpy as np
import safetensors
import torch
from safetensors.numpy import save_file

STEPS, TOTAL, WARMUP, PEAK = 10, 12, 3, 0.02
BETA1, BETA2, EPSILON, DECAY = 0.9, 0.999, 1e-6, 0.01
EXCLUDED = re.compile("LayerNorm|layer_norm|bias")

# Names that hit every alternative of the exclusion, tensors that begin at zero, one that never has a gradient.
SHAPES = {
    "albert.embeddings.word_embeddings.weight": (17, 4),
    "albert.embeddings.LayerNorm.weight": (4,),
    "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight": (6, 6),
    "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.bias": (9,),
    "albert.encoder.albert_layer_groups.0.albert_layers.0.full_layer_layer_norm.weight": (6,),
    "albert.pooler.weight": (6, 6),
    "predictions.bias": (17,),
    "zero.weight": (3, 5),
    "zero.without.gradient.weight": (2, 2),
    "scalar.weight": (),
}


def google_rate(step):
    """Linear warm-up, then a decay that counts from step 0; `step` updates are done."""
    return PEAK * step / WARMUP if step < WARMUP else PEAK * (1 - step / TOTAL)


def make_inputs():
    rng = np.random.default_rng(20240607)
    initial, gradients = {}, []
    for name, shape in SHAPES.items():
        if name.startswith("zero"):
            initial[name] = np.zeros(shape, np.float32)
        elif re.search("LayerNorm|layer_norm", name):
            initial[name] = np.ones(shape, np.float32)
        else:
            initial[name] = np.asarray(0.02 * rng.standard_normal(shape), np.float32)
    for _ in range(STEPS):
        # Scales from 1e-6 to 1, so that epsilon matters for some tensors.
        gradients.append({
            name: np.asarray(10.0 ** rng.uniform(-6, 0) * rng.standard_normal(shape) * ("without" not in name), np.float32)
            for name, shape in SHAPES.items()
        })
    return initial, gradients


def google_steps(initial, gradients, trust_ratio):
    """Yields the parameters after each step, and at last the moments."""
    f32 = np.float32
    w = {name: value.copy() for name, value in initial.items()}
    m = {name: np.zeros_like(value) for name, value in initial.items()}
    v = {name: np.zeros_like(value) for name, value in initial.items()}
    history = []
    for step, gradient in enumerate(gradients):
        rate = f32(google_rate(step))
        for name, g in gradient.items():
            m[name] = f32(BETA1) * m[name] + f32(1 - BETA1) * g
            v[name] = f32(BETA2) * v[name] + f32(1 - BETA2) * np.square(g)
            update = m[name] / (np.sqrt(v[name]) + f32(EPSILON))
            ratio = f32(1)
            if not EXCLUDED.search(name):
                update = update + f32(DECAY) * w[name]
                if trust_ratio:
                    w_norm, u_norm = np.linalg.norm(w[name]), np.linalg.norm(update)
                    ratio = f32(w_norm / u_norm) if w_norm > 0 and u_norm > 0 else f32(1)
            w[name] = np.asarray(w[name] - ratio * rate * update, np.float32)
        history.append({name: value.copy() for name, value in w.items()})
    return history, m, v


def torch_adamw_steps(initial, gradients):
    tensors = {name: torch.nn.Parameter(torch.from_numpy(value.copy())) for name, value in initial.items()}
    groups = [
        {"params": [t for n, t in tensors.items() if not EXCLUDED.search(n)], "weight_decay": DECAY},
        {"params": [t for n, t in tensors.items() if EXCLUDED.search(n)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(BETA1, BETA2), eps=EPSILON, foreach=False)
    history = []
    for step, gradient in enumerate(gradients):
        for group in optimizer.param_groups:
            group["lr"] = google_rate(step)
        for name, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradient[name].copy())
        optimizer.step()
        history.append({name: t.detach().numpy().copy() for name, t in tensors.items()})
    m = {name: optimizer.state[t]["exp_avg"].numpy() for name, t in tensors.items()}
    v = {name: optimizer.state[t]["exp_avg_sq"].numpy() for name, t in tensors.items()}
    return history, m, v


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    initial, gradients = make_inputs()
    arrays = {"initial/" + name: value for name, value in initial.items()}
    for step, gradient in enumerate(gradients):
        arrays.update({f"gradient/{step}/{name}": value for name, value in gradient.items()})
    runs = {
        "lamb": google_steps(initial, gradients, trust_ratio=True),
        "adamw": google_steps(initial, gradients, trust_ratio=False),
        "adamw_corrected": torch_adamw_steps(initial, gradients),
    }
    for run, (history, m, v) in runs.items():
        for step, parameters in enumerate(history):
            arrays.update({f"{run}/{step}/{name}": value for name, value in parameters.items()})
        arrays.update({f"{run}/exp_avg/{name}": value for name, value in m.items()})
        arrays.update({f"{run}/exp_avg_sq/{name}": value for name, value in v.items()})
    arrays["learning_rates"] = np.asarray([google_rate(step) for step in range(STEPS)], np.float64)
    path = folder / "ten_steps.safetensors"
    save_file({name: np.asarray(value, order="C") for name, value in arrays.items()}, path)
    provenance = {
        "command": "python scripts/make_optimizer_golden.py tests/golden/optim",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "versions": {"numpy": np.__version__, "torch": torch.__version__, "safetensors": safetensors.__version__},
        "source": "lamb, adamw: numpy fp32 after google-research/albert; adamw_corrected: torch.optim.AdamW",
        "schedule": {"peak": PEAK, "warmup_steps": WARMUP, "total_steps": TOTAL, "decay_from": "start"},
    }
    (folder / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")


if __name__ == "__main__":
    main()
