# SPDX-License-Identifier: MIT
# The peer of bench/shakespeare_cpu:  peer.py TEXT STEPS THREADS
# The same steps as recipes/shakespeare.toml makes, with weights and random blocks of its own.
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import numpy as np
import torch

import peer_gpt2

L, C, H, T, B = 4, 128, 4, 64, 12
PEAK, WARMUP, MIN_RATIO = 1e-3, 100, 0.1

text, total, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
with open(text, encoding="utf-8") as file:
    characters = file.read()
alphabet = sorted(set(characters))
numbers = {c: i for i, c in enumerate(alphabet)}
tokens = torch.tensor([numbers[c] for c in characters[: int(0.9 * len(characters))]])
steps = peer_gpt2.Steps(peer_gpt2.Gpt2(L, C, H, T, len(alphabet)), betas=(0.9, 0.99), lr=PEAK)
window = torch.arange(T + 1)
made = 0


def step(variant):
    global made
    done = min(1.0, max(0.0, (made - WARMUP) / max(1, total - WARMUP)))
    lr = PEAK * min((made + 1) / WARMUP, MIN_RATIO + (1 - MIN_RATIO) * 0.5 * (1 + math.cos(math.pi * done)))
    made += 1
    blocks = tokens[torch.randint(len(tokens) - T, (B, 1)) + window]  # (B, T + 1)
    return steps(variant, blocks[:, :-1].contiguous(), blocks[:, 1:].contiguous(), lr)


peer_gpt2.serve(step)
