// SPDX-License-Identifier: MIT
#include "infer/engine.h"

#include <algorithm>

#include "base/files.h"
#include "base/memory.h"
#include "infer/engine_impl.h"

namespace quern {

namespace {
uint64_t cache_budget(const EngineOptions& options) {
  return options.cache_bytes > 0 ? options.cache_bytes : available_memory_bytes() / 2;
}

int64_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}
}  // namespace

Engine::Impl::Impl(std::shared_ptr<const CausalLm> m, Tokenizer t, EngineOptions o)
    : model(std::move(m)),
      tokenizer(std::move(t)),
      options(o),
      pool(model->shape(), cache_budget(o),
           (o.max_sequences + o.keep_prefixes) * pages_for(o.context > 0 ? o.context : model->shape().context)) {
  if (options.context <= 0) options.context = model->shape().context;
  options.max_step_tokens = std::max<int64_t>(1, options.max_step_tokens);
}

Engine::Engine(std::shared_ptr<const CausalLm> model, Tokenizer tokenizer, EngineOptions options) {
  if (options.max_sequences < 1)
    throw Error(ErrorKind::InvalidArgument, "max_sequences must be 1 or more, but is {}", options.max_sequences);
  impl_ = std::make_unique<Impl>(std::move(model), std::move(tokenizer), options);
}
Engine::~Engine() = default;

const CausalLm& Engine::model() const { return *impl_->model; }
const Tokenizer& Engine::tokenizer() const { return impl_->tokenizer; }
int64_t Engine::context() const { return impl_->options.context; }

EngineStats Engine::stats() const {
  EngineStats stats = impl_->stats;
  stats.running = int64_t(impl_->running.size());
  stats.waiting = int64_t(impl_->waiting.size());
  stats.free_pages = impl_->pool.free_pages();
  stats.num_pages = impl_->pool.num_pages();
  return stats;
}

// --- requests ---

void Engine::Impl::check(const Request& r) const {
  const int64_t V = model->shape().V, context = options.context, size = int64_t(r.prompt.size());
  if (r.prompt.empty()) throw Error(ErrorKind::InvalidArgument, "the prompt is empty");
  for (const int32_t id : r.prompt)
    if (id < 0 || id >= V)
      throw Error(ErrorKind::InvalidArgument, "token {} of the prompt is outside the vocabulary of {}", id, V);
  if (r.max_new_tokens < 0)
    throw Error(ErrorKind::InvalidArgument, "max_new_tokens must be 0 or more, but is {}", r.max_new_tokens);
  if (size > context)
    throw Error(ErrorKind::InvalidArgument, "the prompt has {} tokens, the context holds {}", size, context)
        .hint("shorten the prompt; nothing is cut off in silence");
  if (size == context && r.max_new_tokens > 0)
    throw Error(ErrorKind::InvalidArgument,
                "the prompt has {} tokens and fills the context of {}: there is no room for an answer", size, context);
  r.sampling.validate(V);
  if (r.num_beams < 1) throw Error(ErrorKind::InvalidArgument, "num_beams must be 1 or more, but is {}", r.num_beams);
  if (r.num_beams > options.max_sequences)
    throw Error(ErrorKind::Resources, "{} beams are asked for, {} sequences at once are allowed", r.num_beams,
                options.max_sequences);
  if (r.num_beams > 1 && !r.stop.empty())
    throw Error(ErrorKind::Unsupported, "stop strings don't go together with beam search").hint("use stop tokens");
  const int64_t length = std::min(context, size + r.max_new_tokens), pages = r.num_beams * pages_for(length);
  if (pages > pool.num_pages())
    throw Error(ErrorKind::Resources,
                "{} tokens in {} sequence(s) take {} pages of key/value cache ({}), there are {} ({})", length,
                r.num_beams, pages, format_size(uint64_t(pages) * pool.page_bytes()), pool.num_pages(),
                format_size(uint64_t(pool.num_pages()) * pool.page_bytes()))
        .hint("ask for fewer new tokens or beams, or allow the cache more memory");
}

std::shared_ptr<Generation> Engine::submit(Request request) {
  Impl& e = *impl_;
  e.check(request);
  auto generation = std::make_shared<Generation>(request, e.tokenizer, e.any_cancelled);
  if (request.sampling.eos_token_ids.empty()) {
    for (const int32_t id : request.stop_ids)
      if (id >= 0 && id < e.model->shape().V) request.sampling.eos_token_ids.push_back(id);
  }
  auto active = std::make_unique<Active>(Active{.out = generation,
                                                .request = {},
                                                .sampler = Sampler(request.sampling),
                                                .sequences = {},
                                                .beams = {},
                                                .beam_log_probs = {}});
  active->prompt_size = int64_t(request.prompt.size());
  active->max_new_tokens = std::min(request.max_new_tokens, e.options.context - active->prompt_size);
  active->rope_length = active->prompt_size + active->max_new_tokens;
  active->sequences.push_back({.tokens = request.prompt, .fed = 0, .cache = CachedSequence(e.pool)});
  active->sequences[0].tokens.reserve(size_t(active->rope_length));
  if (request.num_beams > 1 && active->max_new_tokens > 0)
    active->beams = std::make_unique<BeamSearch>(BeamOptions{.num_beams = request.num_beams,
                                                             .length_penalty = request.length_penalty,
                                                             .early_stopping = request.early_stopping,
                                                             .max_new_tokens = active->max_new_tokens,
                                                             .eos_token_ids = request.stop_ids});
  active->request = std::move(request);
  e.waiting.push_back(std::move(active));
  return generation;
}

GenerationResult Engine::generate(Request request, const OnToken& on_token) {
  const auto generation = submit(std::move(request));
  while (!generation->done()) {
    step();
    while (const auto event = generation->next())
      if (on_token && !on_token(*event)) generation->cancel();
  }
  while (const auto event = generation->next())
    if (on_token) on_token(*event);
  return generation->result();
}

std::vector<GenerationResult> Engine::generate_all(std::vector<Request> requests) {
  std::vector<std::shared_ptr<Generation>> generations;
  for (Request& request : requests) generations.push_back(submit(std::move(request)));
  while (step()) {
  }
  std::vector<GenerationResult> results;
  for (const auto& generation : generations) results.push_back(generation->result());
  return results;
}

// --- scheduling ---

void Engine::Impl::remove(Active& active, FinishReason reason) {
  if (!active.out->done()) active.out->finish(reason);
  GenerationResult& result = active.out->mutable_result();
  const auto now = Clock::now();
  const auto seconds = [](Clock::duration d) { return std::chrono::duration<double>(d).count(); };
  if (active.started != Clock::time_point{}) {
    const bool any = active.first_token != Clock::time_point{};
    result.prefill_s = seconds((any ? active.first_token : now) - active.started);
    if (any) result.decode_s = seconds(now - active.first_token);
  }
  const bool failed = active.out->mutable_result().finish == FinishReason::Failed;
  if (options.keep_prefixes > 0 && !failed && active.sequences.size() == 1 && active.sequences[0].fed >= kPageSize) {
    Sequence& s = active.sequences[0];
    s.tokens.resize(size_t(s.fed));
    kept.push_back({std::move(s.tokens), std::move(s.cache), active.rope_length});
    if (int64_t(kept.size()) > options.keep_prefixes) kept.pop_front();
  }
  std::erase_if(running, [&](const auto& a) { return a.get() == &active; });
}

void Engine::Impl::drop_cancelled() {
  if (!any_cancelled->exchange(false)) return;
  for (size_t i = 0; i < waiting.size();) {
    if (waiting[i]->out->cancelled()) {
      waiting[i]->out->finish(FinishReason::Cancelled);
      waiting.erase(waiting.begin() + int64_t(i));
    } else {
      ++i;
    }
  }
  for (size_t i = running.size(); i-- > 0;)
    if (running[i]->out->cancelled()) remove(*running[i], FinishReason::Cancelled);
}

bool Engine::Impl::make_room() {
  if (kept.empty()) return false;
  kept.pop_front();
  return true;
}

// The last to come loses its pages and is fed again when there are some: what it generates does not change.
void Engine::Impl::preempt(size_t index) {
  std::unique_ptr<Active> active = std::move(running[index]);
  running.erase(running.begin() + int64_t(index));
  for (Sequence& s : active->sequences) {
    s.cache.clear();
    s.fed = 0;
  }
  waiting.push_front(std::move(active));
  ++stats.preemptions;
}

void Engine::Impl::use_kept_prefix(Active& active) {
  if (active.scores_prompt() || active.sequences.size() != 1 || active.sequences[0].fed > 0) return;
  Sequence& s = active.sequences[0];
  int64_t best = 0;
  size_t best_at = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    const int64_t length = std::max(kept[i].rope_length, active.rope_length);
    if (kept[i].rope_length != active.rope_length && length > model->shape().context) continue;
    const int64_t n = common_prefix(kept[i].tokens, s.tokens);
    if (n > best) best = n, best_at = i;
  }
  best = std::min(best, int64_t(s.tokens.size()) - 1) / kPageSize * kPageSize;  // the last must be fed, for its logits
  if (best <= 0) return;
  auto cache = kept[best_at].cache.fork(best);
  if (!cache) return;
  s.cache = std::move(*cache);
  s.fed = best;
  active.out->mutable_result().cached_prompt_tokens = std::min(best, active.prompt_size);
  std::rotate(kept.begin() + int64_t(best_at), kept.begin() + int64_t(best_at) + 1, kept.end());  // used just now
}

void Engine::Impl::admit() {
  int64_t in_use = 0;
  for (const auto& a : running) in_use += a->num_sequences();
  while (!waiting.empty()) {
    Active& next = *waiting.front();
    if (in_use + next.num_sequences() > options.max_sequences) break;
    use_kept_prefix(next);
    // Room for what it has to feed and a page more for everybody, lest it be thrown out at once.
    int64_t needed = int64_t(running.size()) + next.num_sequences();
    for (const Sequence& s : next.sequences)
      needed += pages_for(int64_t(s.tokens.size())) - int64_t(s.cache.pages().size());
    while (pool.free_pages() < needed && make_room()) {
    }
    if (pool.free_pages() < needed && !running.empty()) break;
    in_use += next.num_sequences();
    if (next.started == Clock::time_point{}) next.started = Clock::now();
    running.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
}

// One row for each sequence of the request, if each has one token to be fed. False when pages are missing.
bool Engine::Impl::schedule_decoding(Active& active) {
  for (const Sequence& s : active.sequences)
    if (s.pending() != 1) return true;
  for (Sequence& s : active.sequences)
    while (!s.cache.reserve(s.fed + 1))
      if (!make_room()) return false;
  for (size_t i = 0; i < active.sequences.size(); ++i) {
    const Sequence& s = active.sequences[i];
    pieces.push_back({&active, i, s.fed, 1, int64_t(ids.size())});
    ids.push_back(s.tokens.back());
  }
  return true;
}

// As much of a prompt as the step and the pool still have room for. Beams that lost their pages are fed up to their
// last tokens, which go together.
void Engine::Impl::schedule_feeding(Active& active) {
  const int64_t spared = active.sequences.size() > 1 ? 1 : 0;
  if (std::ranges::all_of(active.sequences, [](const Sequence& s) { return s.pending() == 1; })) return;
  for (size_t i = 0; i < active.sequences.size(); ++i) {
    Sequence& s = active.sequences[i];
    int64_t count = std::min(s.pending() - spared, step_rows - int64_t(ids.size()));
    while (count > 0 && !s.cache.reserve(s.fed + count)) {
      if (make_room()) continue;
      count = std::min(count - 1, s.cache.capacity() + pool.free_pages() * kPageSize - s.fed);
    }
    if (count <= 0) continue;
    pieces.push_back({&active, i, s.fed, count, int64_t(ids.size())});
    ids.insert(ids.end(), s.tokens.begin() + s.fed, s.tokens.begin() + s.fed + count);
  }
}

void Engine::Impl::schedule() {
  pieces.clear();
  ids.clear();
  for (size_t i = 0; i < running.size(); ++i) {
    while (!schedule_decoding(*running[i])) {
      const bool itself = i + 1 == running.size();
      preempt(running.size() - 1);
      if (itself) break;
    }
  }
  // However many are generating, one row is left for prompts, so that these get on.
  step_rows = std::max(options.max_step_tokens, int64_t(ids.size()) + 1);
  for (const auto& active : running)
    if (int64_t(ids.size()) < step_rows) schedule_feeding(*active);
  while (pieces.empty() && running.size() > 1) {  // all pages belong to prompts half read: the oldest goes on
    preempt(running.size() - 1);
    schedule_feeding(*running[0]);
  }
  QUERN_CHECK(!pieces.empty() || running.empty(), "a request that fits alone found no pages");
}

// --- the step ---

Tensor Engine::Impl::run_model() {
  const int64_t N = int64_t(ids.size()), S = int64_t(pieces.size());
  batch.positions.clear();
  batch.segments.assign(1, 0);
  batch.rope_lengths.clear();
  view.slots.clear();
  size_t max_blocks = 1;
  for (const Piece& p : pieces) max_blocks = std::max(max_blocks, p.active->sequences[p.sequence].cache.pages().size());
  tables.assign(size_t(S) * max_blocks, 0);
  for (int64_t s = 0; s < S; ++s) {
    const Piece& p = pieces[size_t(s)];
    for (int64_t i = 0; i < p.count; ++i) {
      batch.positions.push_back(int32_t(p.begin + i));
      view.slots.push_back(int32_t(s));
    }
    batch.segments.push_back(p.first_row + p.count);
    batch.rope_lengths.push_back(p.active->rope_length);
    std::ranges::copy(p.active->sequences[p.sequence].cache.pages(), tables.begin() + s * int64_t(max_blocks));
  }
  view.block_tables = Tensor::from(tables, {S, int64_t(max_blocks)});
  view.layers = pool.layers();
  batch.ids = Tensor::from(ids, {N});
  batch.cache = &view;
  return model->forward(batch);
}

bool Engine::step() {
  Impl& e = *impl_;
  e.drop_cancelled();
  e.admit();
  e.schedule();
  if (e.pieces.empty()) return !e.running.empty() || !e.waiting.empty();
  const Tensor hidden = e.run_model();
  ++e.stats.steps;
  e.read_outputs(hidden);
  return !e.running.empty() || !e.waiting.empty();
}

}  // namespace quern
