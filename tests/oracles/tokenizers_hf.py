#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the tokenizers to Hugging Face tokenizers: every vocabulary of a folder of goldens, on every text file of another
folder; and each tokenizer.json as this program writes it, read by Hugging Face tokenizers.

    python3 -m venv bench/.venv && bench/.venv/bin/pip install tokenizers
    bench/.venv/bin/python tests/oracles/tokenizers_hf.py build/release/quern ../shared/goldens/tokenizers \\
        ../shared/data/pretrain [BYTES_OF_EACH_FILE]

Not part of `make test`, which needs no Python.
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer


def texts(root: pathlib.Path, limit: int):
    """(name, text) of every file that is UTF-8, cut at a line end."""
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        if len(raw) > limit:
            raw = raw[: raw.rfind(b"\n", 0, limit) + 1]
        try:
            yield str(path.relative_to(root)), raw.decode()
        except UnicodeDecodeError:
            continue


def ours(quern: str, tokenizer: pathlib.Path, text: str) -> list:
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([quern, "tokenize", str(tokenizer), "--file", file.name, "--parse-special", "--json"],
                              stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["ids"]


def main(quern: str, goldens: str, data: str, limit: str = "1000000") -> int:
    files = list(texts(pathlib.Path(data), int(limit)))
    failures = 0
    for folder in sorted(p.parent for p in pathlib.Path(goldens).glob("*/tokenizer.json")):
        reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
        wrong = [name for name, text in files
                 if ours(quern, folder / "tokenizer.json", text) != reference.encode(text).ids]
        failures += bool(wrong)
        print("FAIL" if wrong else "PASS", folder.name, f"{len(files) - len(wrong)} of {len(files)} files", *wrong[:3])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
