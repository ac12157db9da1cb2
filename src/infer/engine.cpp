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

constexpr int64_t kMostPrefixPages = 1 << 16;

// How many of `rows` each prompt gets. A quarter goes to the one that came first, so that it gets on however many come
// after it; the rest to those with the least left, whose readers then wait the shortest time on average.
std::vector<int64_t> shares_of(const std::vector<Active*>& feeding, int64_t rows) {
  std::vector<int64_t> left(feeding.size(), 0), shares(feeding.size(), 0);
  std::vector<size_t> order(feeding.size());
  for (size_t i = 0; i < feeding.size(); ++i) {
    order[i] = i;
    for (const Sequence& s : feeding[i]->sequences) left[i] += s.pending();
  }
  std::ranges::stable_sort(order, std::ranges::less{}, [&](size_t i) { return left[i]; });
  const auto give = [&](size_t i, int64_t most) {
    const int64_t count = std::min({left[i], most, rows});
    shares[i] += count, left[i] -= count, rows -= count;
  };
  if (!feeding.empty()) give(0, std::max<int64_t>(1, rows / 4));
  for (const size_t i : order) give(i, rows);
  return shares;
}
}  // namespace

Engine::Impl::Impl(std::shared_ptr<const CausalLm> m, Tokenizer t, EngineOptions o)
    : model(std::move(m)),
      tokenizer(std::move(t)),
      options(o),
      pool(model->shape(), cache_budget(o),
           o.max_sequences * pages_for(o.context > 0 ? o.context : model->shape().context) +
               (o.prefix_bytes > 0 ? kMostPrefixPages : 0),
           o.cache_type),
      prefixes(pool, std::min<int64_t>(kMostPrefixPages, int64_t(o.prefix_bytes / pool.page_bytes()))) {
  if (options.context <= 0) options.context = model->shape().context;
  options.max_step_tokens = std::max<int64_t>(1, options.max_step_tokens);
  if (options.draft_model) {
    if (options.draft_model->shape().V != model->shape().V)
      throw Error(ErrorKind::InvalidArgument, "the draft model has a vocabulary of {}, the model one of {}",
                  options.draft_model->shape().V, model->shape().V)
          .hint("take a smaller model of the same family, with the same tokenizer");
    draft = std::make_unique<DraftModel>(options.draft_model, cache_budget(o) / 4, o.max_sequences);
  }
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
  stats.prefixes = impl_->prefixes.stats();
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
  if (r.guess_ahead < 0)
    throw Error(ErrorKind::InvalidArgument, "guess_ahead must be 0 (off) or more, but is {}", r.guess_ahead);
  r.sampling.validate(V);
  if (r.num_beams < 1) throw Error(ErrorKind::InvalidArgument, "num_beams must be 1 or more, but is {}", r.num_beams);
  if (r.num_beams > options.max_sequences)
    throw Error(ErrorKind::Resources, "{} beams are asked for, {} sequences at once are allowed", r.num_beams,
                options.max_sequences);
  if (r.num_beams > 1 && !r.stop.empty())
    throw Error(ErrorKind::Unsupported, "stop strings don't go together with beam search").hint("use stop tokens");
  if (!r.continuations.empty()) check_continuations(r);
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
                                                .beam_log_probs = {},
                                                .guess = {},
                                                .scores = {},
                                                .guess_length = {},
                                                .draft = {}});
  active->prompt_size = int64_t(request.prompt.size());
  active->max_new_tokens = std::min(request.max_new_tokens, e.options.context - active->prompt_size);
  active->rope_length = active->prompt_size + active->max_new_tokens;
  for (const PromptContinuation& c : request.continuations)
    active->rope_length = std::max(active->rope_length, active->prompt_size + int64_t(c.ids.size()));
  active->prefix_key = e.model->prefix_key(active->rope_length);
  active->sequences.push_back({.tokens = request.prompt, .fed = 0, .cache = CachedSequence(e.pool)});
  active->sequences[0].tokens.reserve(size_t(active->rope_length));
  if (request.num_beams > 1 && active->max_new_tokens > 0)
    active->beams = std::make_unique<BeamSearch>(BeamOptions{.num_beams = request.num_beams,
                                                             .length_penalty = request.length_penalty,
                                                             .early_stopping = request.early_stopping,
                                                             .max_new_tokens = active->max_new_tokens,
                                                             .eos_token_ids = request.stop_ids});
  for (const PromptContinuation& c : request.continuations) active->scores.emplace_back(c.ids.size());
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

// The last to come loses its pages and is fed again when there are some: what it generates does not change.
void Engine::Impl::preempt(size_t index) {
  std::unique_ptr<Active> active = std::move(running[index]);
  running.erase(running.begin() + int64_t(index));
  for (Sequence& s : active->sequences) {
    s.cache.clear();
    s.fed = 0;
  }
  if (active->scores_continuations()) start_scoring_again(*active);
  waiting.push_front(std::move(active));
  ++stats.preemptions;
}

void Engine::Impl::use_known_prefix(Active& active) {
  if (active.scores_prompt() || active.sequences.size() != 1 || active.sequences[0].fed > 0) return;
  Sequence& s = active.sequences[0];
  // The last token must be fed, for its logits.
  s.cache = prefixes.find(std::span(s.tokens).first(s.tokens.size() - 1), active.prefix_key);
  s.fed = active.remembered = s.cache.capacity();
  active.out->mutable_result().cached_prompt_tokens = std::min(s.fed, active.prompt_size);
}

void Engine::Impl::remember(Active& active) {
  if (active.sequences.size() != 1) return;
  const Sequence& s = active.sequences[0];
  const int64_t full = s.fed / kPageSize * kPageSize;
  if (full <= active.remembered) return;
  prefixes.add(std::span(s.tokens).first(size_t(full)), s.cache, active.prefix_key);
  active.remembered = full;
}

void Engine::Impl::admit() {
  int64_t in_use = 0;
  for (const auto& a : running) in_use += a->num_sequences();
  while (!waiting.empty()) {
    Active& next = *waiting.front();
    if (in_use + next.num_sequences() > options.max_sequences) break;
    use_known_prefix(next);
    // Room for what it has to feed and a page more for everybody, lest it be thrown out at once.
    int64_t needed = int64_t(running.size()) + next.num_sequences();
    for (const Sequence& s : next.sequences)
      needed += pages_for(int64_t(s.tokens.size())) - int64_t(s.cache.pages().size());
    while (pool.free_pages() < needed && prefixes.drop_one()) {
    }
    if (pool.free_pages() < needed && !running.empty()) break;
    in_use += next.num_sequences();
    if (next.started == Clock::time_point{}) next.started = Clock::now();
    running.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
}

void Engine::Impl::plan(Active& active, size_t sequence, int64_t count) {
  pieces.push_back({&active, sequence, active.sequences[sequence].fed, count, 0});
  planned_rows += count;
}

// One row for each sequence of the request, if each has one token to be fed. False when pages are missing.
bool Engine::Impl::schedule_decoding(Active& active) {
  if (active.scores_continuations()) return true;  // only fed
  for (const Sequence& s : active.sequences)
    if (s.pending() != 1) return true;
  for (Sequence& s : active.sequences)
    while (!s.cache.reserve(s.fed + 1))
      if (!prefixes.drop_one()) return false;
  for (size_t i = 0; i < active.sequences.size(); ++i) plan(active, i, 1);
  return true;
}

// As much of a prompt as the step and the pool still have room for. Beams that lost their pages are fed up to their
// last tokens, which go together.
void Engine::Impl::schedule_feeding(Active& active, int64_t most_rows) {
  const int64_t spared = active.beams && active.sequences.size() > 1 ? 1 : 0;
  for (size_t i = 0; i < active.sequences.size(); ++i) {
    Sequence& s = active.sequences[i];
    int64_t count = std::min({s.pending() - spared, step_rows - planned_rows, most_rows});
    while (count > 0 && !s.cache.reserve(s.fed + count)) {
      if (prefixes.drop_one()) continue;
      count = std::min(count - 1, s.cache.capacity() + pool.free_pages() * kPageSize - s.fed);
    }
    if (count <= 0) continue;
    plan(active, i, count);
    most_rows -= count;
  }
}

void Engine::Impl::schedule() {
  pieces.clear();
  planned_rows = 0;
  for (size_t i = 0; i < running.size(); ++i) {
    while (!schedule_decoding(*running[i])) {
      const bool itself = i + 1 == running.size();
      preempt(running.size() - 1);
      if (itself) break;
    }
  }
  std::vector<Active*> feeding;
  for (const auto& active : running)
    if (std::ranges::any_of(active->sequences, [least = active->scores_continuations() ? 1 : 2](const Sequence& s) {
          return s.pending() >= least;
        }))
      feeding.push_back(active.get());
  guess_ahead();
  // However many are generating, one row is left for prompts, so that these get on.
  step_rows = std::max(options.max_step_tokens, planned_rows + 1);
  const std::vector<int64_t> shares = shares_of(feeding, step_rows - planned_rows);
  for (size_t i = 0; i < feeding.size(); ++i) schedule_feeding(*feeding[i], shares[i]);
  while (pieces.empty() && running.size() > 1) {  // all pages belong to prompts half read: the oldest goes on
    preempt(running.size() - 1);
    schedule_feeding(*running[0], step_rows);
  }
  QUERN_CHECK(!pieces.empty() || running.empty(), "a request that fits alone found no pages");
}

// --- the step ---

Tensor Engine::Impl::run_model() {
  batch.clear();
  for (Piece& p : pieces) {
    const Sequence& s = p.active->sequences[p.sequence];
    p.first_row = batch.rows();
    batch.add(std::span(s.tokens).subspan(size_t(p.begin), size_t(p.count)), p.begin, s.cache, p.active->rope_length);
  }
  return model->forward(batch.batch(pool));
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
