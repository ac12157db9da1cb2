# SPDX-License-Identifier: MIT
# The peer of bench/train:  peer.py FOLDER ROWS T BATCH LR THREADS   (as quern_bench_train steps)
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import numpy as np
import torch

import peer_gpt2

folder, rows, T, B, lr, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5]), float(sys.argv[5]), int(sys.argv[6])
torch.set_num_threads(threads)
tokens = torch.from_numpy(np.fromfile(rows, np.int32).astype(np.int64)).view(-1, T + 1)
steps = peer_gpt2.Steps(peer_gpt2.load(folder), betas=(0.9, 0.95), lr=lr)
at = 0


def step(variant):
    global at
    rows = torch.arange(at, at + B) % len(tokens)
    at += B
    batch = tokens[rows]
    return steps(variant, batch[:, :-1].contiguous(), batch[:, 1:].contiguous())


peer_gpt2.serve(step)
