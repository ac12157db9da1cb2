# SPDX-License-Identifier: MIT
"""Sentence vectors of quern against another implementation's, on the sentences of an STS file.

embed_check.py QUERN MODEL_FOLDER PAIRS.tsv   (score <TAB> sentence <TAB> sentence)
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np

LEAST_COSINE = 0.9999


def read_safetensors(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    out = {}
    for name, t in header.items():
        if name != "__metadata__" and t["dtype"] == "F32":
            begin, end = t["data_offsets"]
            out[name] = np.frombuffer(data[begin:end], "<f4").reshape(t["shape"])
    return out


def quern_vectors(quern, model, sentences):
    with tempfile.TemporaryDirectory() as folder:
        lines, out = os.path.join(folder, "lines"), os.path.join(folder, "vectors.safetensors")
        with open(lines, "w", encoding="utf-8", newline="\n") as f:
            f.writelines(s + "\n" for s in sentences)
        subprocess.run([quern, "embed", model, "--file", lines, "--out", out], check=True)
        return read_safetensors(out)["embeddings"].astype(np.float64)


# --- the others ---

def by_sentence_transformers(model, sentences):
    import sentence_transformers
    encoder = sentence_transformers.SentenceTransformer(model, device="cpu")
    return f"sentence-transformers {sentence_transformers.__version__}", encoder.encode(sentences, batch_size=32)


def by_transformers(model, sentences):
    import torch
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    encoder = transformers.AutoModel.from_pretrained(model).eval()
    rows = []
    with torch.no_grad():
        for s in sentences:
            inputs = tokenizer(s, truncation=True, max_length=256, return_tensors="pt")
            mean = encoder(**inputs).last_hidden_state[0].mean(0).numpy()
            rows.append(mean / np.linalg.norm(mean))
    return f"transformers {transformers.__version__}", np.stack(rows)


def by_formula(model, sentences):
    """BERT in double precision, one text at a time (arXiv:1810.04805); ids by Hugging Face tokenizers."""
    import math
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    with open(os.path.join(model, "config.json"), encoding="utf-8") as f:
        config = json.load(f)
    w = {name: t.astype(np.float64) for name, t in read_safetensors(os.path.join(model, "model.safetensors")).items()}
    heads, eps = config["num_attention_heads"], config["layer_norm_eps"]
    places = np.linspace(-6, 6, 120001)  # between them erf is straight to 1e-9
    values = np.array([math.erf(x) for x in places])

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps)
        return scaled * w[name + ".LayerNorm.weight"] + w[name + ".LayerNorm.bias"]

    def dense(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    rows = []
    for s in sentences:
        ids = tokenizer.encode(s).ids
        e = "embeddings."
        x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:len(ids)]
        x = norm(x + w[e + "token_type_embeddings.weight"][0], "embeddings")
        for layer in range(config["num_hidden_layers"]):
            p = f"encoder.layer.{layer}."
            q, k, v = (dense(x, p + "attention.self." + part).reshape(len(ids), heads, -1).transpose(1, 0, 2)
                       for part in ("query", "key", "value"))
            scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            seen = (weights / weights.sum(-1, keepdims=True)) @ v
            seen = seen.transpose(1, 0, 2).reshape(len(ids), -1)
            x = norm(x + dense(seen, p + "attention.output.dense"), p + "attention.output")
            y = dense(x, p + "intermediate.dense")
            y = y * 0.5 * (1 + np.interp(y / math.sqrt(2), places, values))
            x = norm(x + dense(y, p + "output.dense"), p + "output")
        mean = x.mean(0)
        rows.append(mean / np.linalg.norm(mean))
    return "the published formula in double precision", np.stack(rows)


def reference_vectors(model, sentences):
    for way in (by_sentence_transformers, by_transformers):
        try:
            return way(model, sentences)
        except ImportError:
            continue
    return by_formula(model, sentences[:300])


# --- rank correlation ---

def ranks(values):
    values = np.asarray(values)
    order = np.argsort(values, kind="stable")
    out = np.empty(len(values))
    at = 0
    while at < len(order):  # equal values share the mean of their places
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        out[order[at:end]] = (at + end - 1) / 2
        at = end
    return out


def spearman(a, b):
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def main():
    quern, model, pairs = sys.argv[1:4]
    with open(pairs, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    rows = [(float(r[0]), r[1], r[2]) for r in rows if len(r) == 3]
    sentences = [s for _, a, b in rows for s in (a, b)]
    ours = quern_vectors(quern, model, sentences)
    name, theirs = reference_vectors(model, sentences)
    theirs = np.asarray(theirs, np.float64)
    compared = len(theirs)
    cosines = (ours[:compared] * theirs).sum(1)
    cosines /= np.linalg.norm(ours[:compared], axis=1) * np.linalg.norm(theirs, axis=1)
    print(f"  {compared} sentences against {name}: cosine at least {cosines.min():.7f}, largest difference "
          f"{np.abs(ours[:compared] - theirs).max():.2g}")
    ok = compared >= 200 and cosines.min() >= LEAST_COSINE

    count = compared // 2
    scores = [score for score, _, _ in rows[:count]]
    correlations = [spearman(scores, (v[0:2 * count:2] * v[1:2 * count:2]).sum(1)) for v in (ours, theirs)]
    print(f"  STS, {count} pairs: Spearman {correlations[0]:.5f}, theirs {correlations[1]:.5f}")
    ok = ok and abs(correlations[0] - correlations[1]) < 5e-4
    sys.exit(0 if ok else "  the vectors differ")


main()
