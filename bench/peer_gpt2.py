# SPDX-License-Identifier: MIT
# GPT-2 in PyTorch, as the peer of the training benches: the fastest that PyTorch itself offers for it (fused attention,
# fused AdamW; plain or compiled, fp32 or bf16 autocast). Reads the weights that quern wrote.
import json
import math
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

VARIANTS = ["eager-f32", "compiled-f32", "eager-bf16", "compiled-bf16"]


class Block(nn.Module):
    def __init__(self, C, H, L):
        super().__init__()
        self.H = H
        self.ln_1, self.ln_2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.c_attn, self.attn_proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.c_fc, self.mlp_proj = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)
        for linear in (self.c_attn, self.attn_proj, self.c_fc, self.mlp_proj):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)
        for linear in (self.attn_proj, self.mlp_proj):
            nn.init.normal_(linear.weight, std=0.02 / math.sqrt(2 * L))

    def forward(self, x):  # (B, T, C) -> (B, T, C)
        B, T, C = x.shape
        q, k, v = (y.view(B, T, self.H, C // self.H).transpose(1, 2) for y in self.c_attn(self.ln_1(x)).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(y.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    def __init__(self, L, C, H, context, V):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, C), nn.Embedding(context, C)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(C, H, L) for _ in range(L))
        self.ln_f = nn.LayerNorm(C)

    def forward(self, ids, labels):  # (B, T), (B, T) -> mean loss in nats
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)  # the head is the embedding
        return F.cross_entropy(logits.float().view(-1, logits.shape[-1]), labels.reshape(-1))


# One safetensors file: u64 length of a JSON header, the header, then the tensors' bytes.
def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    out = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        begin, end = entry["data_offsets"]
        out[name] = torch.from_numpy(np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"]).copy())
    return out


def load(folder):
    with open(os.path.join(folder, "config.json")) as file:
        c = json.load(file)
    model = Gpt2(c["n_layer"], c["n_embd"], c["n_head"], c["n_positions"], c["vocab_size"])
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    ours = {"wte": "wte", "wpe": "wpe", "ln_f": "ln_f"}
    for l in range(c["n_layer"]):
        for mine, theirs in (("ln_1", "ln_1"), ("ln_2", "ln_2"), ("c_attn", "attn.c_attn"), ("c_fc", "mlp.c_fc"),
                             ("attn_proj", "attn.c_proj"), ("mlp_proj", "mlp.c_proj")):
            ours[f"blocks.{l}.{mine}"] = f"h.{l}.{theirs}"
    state = {}
    for name, value in model.state_dict().items():
        module, leaf = name.rsplit(".", 1)
        tensor = tensors.pop(f"transformer.{ours[module]}.{leaf}")
        # GPT-2's checkpoints hold a product's matrix as (in, out), nn.Linear as (out, in).
        state[name] = tensor.t().contiguous() if value.dim() == 2 and ".ln" not in name and "wte" not in name and "wpe" not in name else tensor
    assert not tensors, f"unknown tensors {list(tensors)}"
    model.load_state_dict(state)
    return model


class Steps:
    """Training steps of one model; every variant trains the same weights."""

    def __init__(self, model, betas, lr):
        self.model = model
        parameters = list(model.parameters())
        groups = [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
                  {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=lr, betas=betas, eps=1e-8, fused=True)
        self.compiled = None

    def __call__(self, variant, ids, labels, lr=None):
        mode, precision = variant.split("-")
        if lr is not None:
            for group in self.optimizer.param_groups:
                group["lr"] = lr
        if mode == "compiled" and self.compiled is None:
            self.compiled = torch.compile(self.model)
        forward = self.compiled if mode == "compiled" else self.model
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = forward(ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


def bf16_is_emulated():
    """Whether a product in bf16 is far slower than in f32, as it is without instructions for it; by the minute, in whole
    steps, where a small product says so in a blink."""
    def best(dtype):
        a = torch.ones(384, 384, dtype=dtype)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            a @ a
            times.append(time.perf_counter() - start)
        return min(times)
    return best(torch.bfloat16) > 4 * best(torch.float32)


# Asked for a line of JSON, {"variant": V, "count": N}, makes N steps of that variant and answers with a line:
# {"seconds": [...], "losses": [...]} or {"error": why}. `step(variant)` makes one and returns its loss.
def serve(step):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints goes elsewhere
    print(json.dumps({"ready": f"PyTorch {torch.__version__}", "bf16_is_emulated": bf16_is_emulated()}), file=answers, flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        seconds, losses = [], []
        try:
            for _ in range(ask["count"]):
                start = time.perf_counter()
                losses.append(step(ask["variant"]))
                seconds.append(time.perf_counter() - start)
            answer = {"seconds": seconds, "losses": losses}
        except Exception as e:  # a variant that cannot run here (no compiler) is one peer less
            answer = {"error": f"{type(e).__name__}: {str(e).strip().splitlines()[0] if str(e).strip() else ''}"[:200]}
        print(json.dumps(answer), file=answers, flush=True)
