# SPDX-License-Identifier: MIT
# What the training benches share: the venv with PyTorch, processes that make steps when asked, and the lines of ratios.
import json
import os
import re
import select
import statistics
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.join(BENCH, ".venv", "bin", "python")
VARIANTS = ["eager-f32", "compiled-f32", "eager-bf16", "compiled-bf16"]


def say(text):
    print(text, flush=True)


def env_int(name, default):
    return int(os.environ.get(name) or default)


def threads():
    return env_int("QUERN_BENCH_THREADS", len(os.sched_getaffinity(0)))


class Unavailable(Exception):
    """What could not be measured, and why."""


def need_torch():
    def there():
        return subprocess.run([PYTHON, "-c", "import torch, numpy"], capture_output=True).returncode == 0

    if os.path.exists(PYTHON) and there():
        return
    say("installing PyTorch into bench/.venv")
    make = [] if os.path.exists(PYTHON) else [[sys.executable, "-m", "venv", os.path.join(BENCH, ".venv")]]
    for command in make + [[PYTHON, "-m", "pip", "install", "-q", "torch", "numpy"]]:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Unavailable("PyTorch could not be installed: " + (done.stderr.strip().splitlines() or ["?"])[-1])


def jemalloc():
    for ldconfig in ("ldconfig", "/sbin/ldconfig"):
        try:
            listed = subprocess.run([ldconfig, "-p"], capture_output=True, text=True).stdout
        except FileNotFoundError:
            continue
        found = re.search(r"libjemalloc\.so\.\d+ .*=> (\S+)", listed)
        if found:
            return found.group(1)
    return None


class Worker:
    """A process that answers each line with a line of JSON."""

    def __init__(self, name, command, env=None):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "OMP_NUM_THREADS": str(threads()), **(env or {})})

    def answer(self):
        limit = env_int("QUERN_BENCH_TIMEOUT", 3600)  # seconds
        if not select.select([self.process.stdout], [], [], limit)[0]:
            raise Unavailable(f"{self.name} did not answer within {limit} s")
        line = self.process.stdout.readline()
        if not line:
            raise Unavailable(f"{self.name} ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Unavailable(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, line):
        try:
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Unavailable(f"{self.name} ended with status {self.process.wait()}")
        return self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Peer(Worker):
    def __init__(self, command):
        env = {"TORCHINDUCTOR_CACHE_DIR": os.path.join(BENCH, ".cache", "inductor")}
        allocator = jemalloc()
        if allocator:
            env["LD_PRELOAD"] = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), allocator]))
        super().__init__("PyTorch", [PYTHON, *command], env)
        answer = self.answer()
        self.bf16_is_emulated = answer["bf16_is_emulated"]
        say(f"peer: {answer['ready']}, {threads()} threads, " + ("jemalloc" if allocator else "no jemalloc"))

    def steps(self, variant, count):
        return self.ask(json.dumps({"variant": variant, "count": count}))

    def best_variant(self, count):
        """The fastest way to run it here: a first step (which compiles), then the median of `count` more. What is
        already three times as slow as the best in its first eager step is not tried further."""
        best = None
        for variant in VARIANTS:
            if self.bf16_is_emulated and variant.endswith("bf16"):
                say(f"  peer {variant}: left out, this processor has no instructions for it and a product takes many times as long")
                continue
            try:
                first = self.steps(variant, 1)["seconds"][0]
                if best and variant.startswith("eager") and first > 3 * best[1]:
                    say(f"  peer {variant}: {first * 1e3:.1f} ms in its first step, left out")
                    if variant == "eager-bf16":
                        break  # bf16 is emulated here
                    continue
                median = statistics.median(self.steps(variant, count)["seconds"])
            except Unavailable as e:
                if self.process.poll() is not None:
                    raise
                say(f"  peer {variant}: unavailable ({e})")
                continue
            say(f"  peer {variant}: {median * 1e3:.1f} ms a step (first {first:.1f} s)")
            if not best or median < best[1]:
                best = (variant, median)
        if not best:
            raise Unavailable("no variant of the peer runs")
        return best[0]
