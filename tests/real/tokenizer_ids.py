# SPDX-License-Identifier: MIT
"""tokenizer_ids.py QUERN GGUF FOLDER: are the ids of every UTF-8 file below FOLDER those of Hugging Face's tokenizers?

The vocabulary and merges are read from the GGUF; how SmolLM2 cuts text before merging (single digits, then GPT-2's
byte-level pattern) is what its published tokenizer.json says.
"""

import gzip
import pathlib
import struct
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
CONTROL, USER_DEFINED = 3, 4


def metadata(path):
    """Key -> value of a GGUF's metadata."""
    with open(path, "rb") as f:

        def number(code):
            return struct.unpack("<" + code, f.read(struct.calcsize(code)))[0]

        def text():
            return f.read(number("Q")).decode("utf-8")

        def value(kind):
            if kind == STRING:
                return text()
            if kind == ARRAY:
                element, count = number("I"), number("Q")
                return [value(element) for _ in range(count)]
            return number(SCALARS[kind])

        assert f.read(4) == b"GGUF" and number("I") in (2, 3)
        number("Q")
        return {text(): value(number("I")) for _ in range(number("Q"))}


def reference_tokenizer(gguf):
    meta = metadata(gguf)
    words, kinds = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
    assert meta["tokenizer.ggml.model"] == "gpt2"
    merges = [tuple(merge.split(" ")) for merge in meta["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.add_special_tokens([AddedToken(w, special=True) for w, k in zip(words, kinds) if k == CONTROL])
    tokenizer.add_tokens([AddedToken(w, special=False) for w, k in zip(words, kinds) if k == USER_DEFINED])
    tokenizer.encode_special_tokens = True  # written in a text they are plain text
    return tokenizer


def texts_below(folder):
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        try:
            yield path, data.decode("utf-8")
        except UnicodeDecodeError:
            print(f"  not UTF-8, left out: {path.name}")


def main():
    quern, gguf, folder = sys.argv[1:]
    reference = reference_tokenizer(gguf)
    files = tokens = wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        plain = pathlib.Path(temporary) / "text"
        for path, text in texts_below(folder):
            plain.write_bytes(text.encode("utf-8"))
            run = subprocess.run([quern, "tokenize", gguf, "--file", plain, "--no-special", "--only-ids"],
                                 capture_output=True, text=True)
            if run.returncode != 0:
                print(f"  FAIL {path}: {run.stderr}")
                wrong += 1
                continue
            ours = [int(i) for i in run.stdout.split(",") if i.strip()]
            theirs = reference.encode(text, add_special_tokens=False).ids
            files += 1
            tokens += len(theirs)
            if ours != theirs:
                wrong += 1
                at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
                print(f"  FAIL {path}: {len(ours)} and {len(theirs)} ids, the first other one at {at}: "
                      f"{ours[at:at + 5]} and {theirs[at:at + 5]}")
    print(f"  {files} files, {tokens} tokens, {wrong} with other ids")
    return 1 if wrong or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
