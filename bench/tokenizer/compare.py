# SPDX-License-Identifier: MIT
"""Ours and each peer in turn on the same work, every run in a process of its own. See run."""

import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path

PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TRAIN_BYTES = 50_000_000
ENCODE_BYTES = 5_000_000  # of each kind of text
DOCUMENT_BYTES = 16_384  # texts are handed over in documents of about this size, cut at line ends
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
THREADS = os.cpu_count() or 1


def byte_chars():
    """The byte-level alphabet: character -> byte."""
    prints = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or b >= 0xAE]
    others = [b for b in range(256) if b not in prints]
    return {**{chr(b): b for b in prints}, **{chr(256 + i): b for i, b in enumerate(others)}}


def read_documents(path):
    return [d.decode() for d in Path(path).read_bytes().split(b"\0")[:-1]]


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- peers: one job in this process ---------------------------------------------------------------------------------

def peer_train(peer, corpus, vocab_size, out):
    documents = read_documents(corpus)
    if peer == "hf":
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False,
                                      initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
        start, cpu = time.perf_counter(), time.process_time()
        tokenizer.train_from_iterator(documents, trainer)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        tokenizer.save(out)
    else:
        import rustbpe
        tokenizer = rustbpe.Tokenizer()
        start, cpu = time.perf_counter(), time.process_time()
        tokenizer.train_from_iterator(iter(documents), vocab_size, pattern=PATTERN)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        Path(out).write_text(json.dumps([bytes(token).hex() for token, _ in tokenizer.get_mergeable_ranks()]))
    return {"seconds": [seconds], "cpu_seconds": cpu, "peak_mb": peak_mb()}


def peer_encode(peer, tokenizer_file, corpus, repeats, out):
    documents = read_documents(corpus)
    if peer == "hf":
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(tokenizer_file)
        encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    else:
        import tiktoken
        chars = byte_chars()
        vocabulary = json.loads(Path(tokenizer_file).read_text())["model"]["vocab"]
        ranks = {bytes(chars[c] for c in token): rank for token, rank in vocabulary.items()}
        encode = tiktoken.Encoding("bench", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={}).encode_ordinary
    all_seconds, all_cpu = [], []
    for _ in range(repeats):
        ids = array("i")
        start, cpu = time.perf_counter(), time.process_time()
        for document in documents:
            ids.extend(encode(document))
            ids.append(-1)
        all_seconds.append(time.perf_counter() - start)
        all_cpu.append(time.process_time() - cpu)
    Path(out).write_bytes(ids.tobytes())
    return {"seconds": all_seconds, "cpu_seconds": all_cpu, "peak_mb": peak_mb()}


# --- the comparison -------------------------------------------------------------------------------------------------

def texts(root):
    """(kind, text) of every file that is UTF-8, gzip opened, in order of path."""
    for path in sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()):
        raw = (root / path).read_bytes()
        if path.endswith(".gz"):
            raw = gzip.decompress(raw)
        try:
            yield path, raw.decode().replace("\0", " ")
        except UnicodeDecodeError:
            continue


def write_corpus(path, parts, limit):
    size, documents = 0, []
    for text in parts:
        room = limit - size
        if room <= 0:
            break
        raw = text.encode()
        if len(raw) > room:
            raw = raw[:room].decode(errors="ignore").encode()
        size += len(raw)
        at = 0
        while at < len(raw):
            end = raw.find(b"\n", at + DOCUMENT_BYTES)
            end = len(raw) if end < 0 else end + 1
            documents.append(raw[at:end])
            at = end
    Path(path).write_bytes(b"".join(d + b"\0" for d in documents))
    return size


def run_json(command, threads):
    env = dict(os.environ, RAYON_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="true" if threads > 1 else "false")
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, env=env, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def have(module):
    try:
        __import__(module)
        return True
    except ImportError:
        return False


def compare_trained(ours, theirs, peer):
    """What the two trained vocabularies have in common, in words."""
    model = json.loads(Path(ours).read_text())["model"]
    if peer == "hf":
        other = json.loads(Path(theirs).read_text())["model"]
        same = model["vocab"] == other["vocab"] and [tuple(m) for m in model["merges"]] == [tuple(m) for m in other["merges"]]
        return same, "vocabulary and merges are equal" if same else "vocabulary or merges DIFFER"
    chars = byte_chars()
    mine = {bytes(chars[c] for c in token) for token in model["vocab"]}
    other = {bytes.fromhex(token) for token in json.loads(Path(theirs).read_text())}
    common = len(mine & other)
    return common > 0.99 * len(mine), f"{common} of {len(mine)} tokens in common (rustbpe breaks ties by other ids)"


def main(ours):
    shared = Path(os.environ.get("QUERN_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
    ratios = []

    def skip(name, why):
        ratios.append(f"ratio {name} skipped {why}")

    train_jobs = [(f"bpe_{name}_vs_{peer}", size, peer, module)
                  for peer, module in (("hf", "tokenizers"), ("rustbpe", "rustbpe")) for name, size in (("8k", 8192), ("32k", 32768))]
    encode_jobs = [(f"encode_{kind}_vs_{peer}", kind, peer, module)
                   for kind in ("en", "zh", "code") for peer, module in (("hf", "tokenizers"), ("tiktoken", "tiktoken"))]
    root = shared / "data" / "pretrain"
    if not root.is_dir():
        for job in train_jobs + encode_jobs:
            skip(job[0], f"no text at {root} (set QUERN_SHARED)")
        print("\n".join(ratios))
        return

    with tempfile.TemporaryDirectory(prefix="quern-bench-") as folder:
        folder = Path(folder)
        files = list(texts(root))
        size = write_corpus(folder / "train", (text for _, text in files), TRAIN_BYTES)
        print(f"training text: {size} bytes of {root}; {THREADS} threads; medians of {RUNS} runs")
        for name, vocab_size, peer, module in train_jobs:
            if not have(module):
                skip(name, f"{module} is not installed")
                continue
            mine, theirs = [], []
            for _ in range(RUNS):
                mine.append(run_json([ours, "train", folder / "train", vocab_size, THREADS, folder / "ours.json"], THREADS))
                theirs.append(run_json([sys.executable, __file__, "peer-train", peer, folder / "train", vocab_size,
                                        folder / "theirs.json"], THREADS))
            same, words = compare_trained(folder / "ours.json", folder / "theirs.json", peer)
            report(name, mine, theirs, words)
            if same:
                ratios.append(ratio(name, mine, theirs))
            else:
                skip(name, words)

        # One vocabulary for encoding, trained on all kinds of text.
        kinds = {kind: [text for path, text in files if path.startswith(kind + "/") and ".jsonl" not in path] for kind in ("en", "zh", "code")}
        for kind, parts in kinds.items():
            write_corpus(folder / kind, parts, ENCODE_BYTES)
        (folder / "mix").write_bytes(b"".join((folder / kind).read_bytes() for kind in kinds))
        run_json([ours, "train", folder / "mix", 50000, THREADS, folder / "vocab.json"], THREADS)
        for name, kind, peer, module in encode_jobs:
            if not have(module):
                skip(name, f"{module} is not installed")
                continue
            mine = [run_json([ours, "encode", folder / "vocab.json", folder / kind, RUNS, folder / "ours.ids"], 1)]
            theirs = [run_json([sys.executable, __file__, "peer-encode", peer, folder / "vocab.json", folder / kind, RUNS,
                                folder / "theirs.ids"], 1)]
            same = (folder / "ours.ids").read_bytes() == (folder / "theirs.ids").read_bytes()
            report(name, mine, theirs, "ids are equal" if same else "ids DIFFER")
            if same:
                ratios.append(ratio(name, mine, theirs))
            else:
                skip(name, "the ids differ")
    print("\n".join(ratios))


def seconds_of(runs):
    return statistics.median(s for run in runs for s in run["seconds"])


def report(name, mine, theirs, words):
    def side(runs):
        cpu = [c for run in runs for c in (run["cpu_seconds"] if isinstance(run["cpu_seconds"], list) else [run["cpu_seconds"]])]
        return f"{seconds_of(runs):.3f} s ({statistics.median(cpu):.3f} s of CPU, peak {max(run['peak_mb'] for run in runs):.0f} MB)"
    print(f"{name}: ours {side(mine)}, peer {side(theirs)}; {words}", flush=True)


def ratio(name, mine, theirs):
    return f"ratio {name} {seconds_of(theirs) / seconds_of(mine):.2f}"


if __name__ == "__main__":
    if sys.argv[1] == "peer-train":
        print(json.dumps(peer_train(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])))
    elif sys.argv[1] == "peer-encode":
        print(json.dumps(peer_encode(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6])))
    else:
        main(sys.argv[1])
