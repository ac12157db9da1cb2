// SPDX-License-Identifier: MIT
#include "train/run.h"

#include <cmath>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "tensor/kernels/probe.h"
#include "train/estimate.h"
#include "train/tensorboard.h"

namespace quern {

namespace {

// What must agree for a resumed run to be the same run: everything that changes numbers.
std::string recipe_hash(const Recipe& recipe, const std::string& objective) {
  Json j = recipe.to_json();
  for (const char* key : {"name", "out", "threads"}) j["run"].erase(key);
  for (const char* key :
       {"steps", "tokens", "epochs", "minutes", "eval_every", "eval_tokens", "sample_every", "sample_prompts",
        "save_every", "save_every_seconds", "keep_last", "keep_best", "activation_checkpointing"})
    j["train"].erase(key);
  j["data"].erase("source");  // the batches' own fingerprint says what the data is
  return content_hash(to_line(j) + objective);
}
}  // namespace

std::shared_ptr<CausalLm> frozen_view(const CausalLm& model, bool packed) {
  ParamOptions options = model.params->options();
  options.trainable = Trainable::No;
  options.precision = Precision::f32;
  options.packed_products = packed;
  auto store = ParamStore::alias(model.params, options);
  std::shared_ptr<CausalLm> view = build_model(model.config(), store);
  store->forget_source();
  return view;
}

EvalResult evaluate(const CausalLm& model, const Objective& objective, std::shared_ptr<const RowSet> rows,
                    int64_t batch_rows, int64_t max_tokens) {
  const int64_t T = rows->row_length();
  EvalBatches batches(rows, std::max<int64_t>(1, batch_rows),
                      max_tokens > 0 ? std::max<int64_t>(1, max_tokens / T) : 0);
  TokenBatch batch;
  double nll = 0;
  int64_t count = 0, bytes = 0;
  while (batches.next(batch)) {
    const Loss loss = objective(model, batch);
    nll += loss.nll_sum;
    count += loss.count;
    bytes += loss.bytes;
  }
  return {count > 0 ? nll / double(count) : 0, bytes > 0 ? nll / (std::log(2.0) * double(bytes)) : 0, count};
}

OptimizerConfig optimizer_config(const Recipe& recipe) {
  const auto& t = recipe.train;
  OptimizerConfig c;
  c.kind = t.optimizer == "muon" ? OptimizerConfig::Kind::muon : OptimizerConfig::Kind::adamw;
  c.beta1 = float(t.beta1);
  c.beta2 = float(t.beta2);
  c.eps = float(t.eps);
  c.weight_decay = float(t.weight_decay);
  c.muon_lr_ratio = float(t.muon_lr / t.lr);
  return c;
}

int64_t planned_steps(const Recipe& recipe, int64_t rows_per_epoch) {
  const auto& t = recipe.train;
  int64_t steps = 0;
  const auto limit = [&](double n) {
    const int64_t s = std::max<int64_t>(1, int64_t(std::ceil(n)));
    steps = steps == 0 ? s : std::min(steps, s);
  };
  if (t.steps > 0) limit(double(t.steps));
  if (t.tokens > 0) limit(double(t.tokens) / double(t.batch_rows * t.sequence));
  if (t.epochs > 0) limit(t.epochs * double(rows_per_epoch) / double(t.batch_rows));
  return steps;
}

namespace {

class Run {
 public:
  Run(const RunPlan& plan, RunParts& parts)
      : plan_(plan),
        parts_(parts),
        optimizer_(*parts.model->params, optimizer_config(plan.recipe)),
        trainer_{*parts.model, optimizer_, {}},
        hash_(recipe_hash(plan.recipe, parts.objective->name())) {
    const auto& t = plan.recipe.train;
    const int64_t micro = t.micro_batch_rows > 0 ? t.micro_batch_rows : t.batch_rows;
    trainer_.plan.micro_batches = std::max<int64_t>(1, t.batch_rows / micro);
    trainer_.plan.max_grad_norm = t.max_grad_norm;
    flops_per_token_ = 3 * flops_per_token(parts.model->shape(), parts.model->params->num_values(), t.sequence);
    peak_ = probe().f32_peak_gflops * 1e9 * compute_threads();
    state_.total_steps = plan.total_steps;
    state_.recipe_hash = hash_;
    state_.kernels = kernel_choice();
  }

  RunResult operator()() {
    const bool resumed = plan_.resume && restore();
    if (!resumed) fs::create_directories(plan_.dir);
    RunLog log(plan_.dir / "log.jsonl", resumed ? state_.step : -1);
    TensorBoardWriter board(plan_.dir / "tensorboard", resumed ? state_.step + 1 : -1);
    log.write(StageEvent{.step = state_.step,
                         .name = plan_.stage,
                         .what = resumed ? "resume" : "start",
                         .seconds = state_.seconds,
                         .memory_bytes = int64_t(resident_memory())});
    set_schedule();
    Progress progress;
    clock_ = now_s() - state_.seconds;
    last_save_ = now_s();
    size_t moment = 0;
    while (moment < plan_.moments.size() && plan_.moments[moment] <= state_.seconds) ++moment;
    const auto& t = plan_.recipe.train;
    while (state_.step < state_.total_steps && !stop_requested()) {
      one_step(log, board, progress);
      if (budget_ > 0) watch_the_clock(log);
      const bool due = t.sample_every > 0 && state_.step % t.sample_every == 0;
      bool at_moment = false;
      while (moment < plan_.moments.size() && plan_.moments[moment] <= state_.seconds) ++moment, at_moment = true;
      if (due || at_moment) observe(log, progress);
      if (t.eval_every > 0 && state_.step % t.eval_every == 0) measure(log, board, progress);
      const bool save_now = (t.save_every > 0 && state_.step % t.save_every == 0) ||
                            (t.save_every_seconds > 0 && now_s() - last_save_ >= t.save_every_seconds);
      if (save_now && state_.step < state_.total_steps) save();
    }
    result_.stopped = state_.step < state_.total_steps;
    if (!result_.stopped) {
      measure(log, board, progress);
      observe(log, progress);
    }
    progress.finish();
    save();
    log.write(StageEvent{.step = state_.step,
                         .name = plan_.stage,
                         .what = result_.stopped ? "stop" : "end",
                         .seconds = state_.seconds,
                         .memory_bytes = int64_t(peak_resident_memory())});
    result_.steps = state_.step;
    result_.tokens = state_.tokens;
    result_.seconds = state_.seconds;
    result_.train_loss = smooth_;
    result_.best_loss = state_.best_loss;
    result_.best_step = state_.best_step;
    return result_;
  }

 private:
  const RunPlan& plan_;
  RunParts& parts_;
  Optimizer optimizer_;
  Trainer trainer_;
  TrainState state_;
  std::string hash_;
  RunResult result_;
  double flops_per_token_ = 0, peak_ = 0, clock_ = 0, last_save_ = 0, smooth_ = 0, step_seconds_ = 0;
  std::shared_ptr<CausalLm> frozen_;
  double budget_ = plan_.budget_seconds;  // of training time since the run's beginning; 0: none

  fs::path checkpoint_path(int64_t step) const { return plan_.dir / "checkpoints" / fmt::format("{:06}", step); }

  bool restore() {
    std::vector<std::string> notes;
    auto place = newest_checkpoint(plan_.dir / "checkpoints", &notes);
    if (place && plan_.go_on) {
      const int64_t stable = read_train_state(place->path).decay_start;
      if (stable >= 0 && fs::exists(checkpoint_path(stable))) place = CheckpointPlace{checkpoint_path(stable), stable};
    }
    for (const std::string& note : notes) warn(note);
    if (!place) return false;
    TrainState found = read_train_state(place->path);
    if (found.recipe_hash != hash_)
      throw Error(ErrorKind::InvalidRecipe, "{}: was trained by another recipe, so it can't be resumed by this one",
                  place->path.string())
          .hint("use the recipe.toml in the run's folder, or another run.out");
    if (found.kernels != kernel_choice()) force_kernels(found.kernels);  // throws what this machine lacks
    restore_checkpoint(place->path, *parts_.model, optimizer_, found);
    parts_.batches->restore(SourceState::from_json(found.batches));
    if (plan_.go_on) found.decay_start = -1;
    if (plan_.budget_seconds <= 0 || found.decay_start < 0) found.total_steps = plan_.total_steps;
    budget_ = plan_.budget_seconds + (plan_.go_on ? found.seconds : 0);
    state_ = found;
    if (!plan_.quiet) say(fmt::format("resuming {} at step {}", plan_.dir.string(), state_.step));
    return true;
  }

  void set_schedule() {
    const auto& t = plan_.recipe.train;
    Schedule s;
    s.kind = *schedule_from_name(t.schedule);
    s.peak_lr = t.lr;
    s.warmup_steps = t.warmup_steps;
    s.total_steps = state_.total_steps;
    s.min_lr_ratio = t.min_lr_ratio;
    s.decay_shape = DecayShape::OneMinusSqrt;
    if (s.kind == ScheduleKind::Wsd) {
      if (budget_ > 0 && state_.decay_start < 0) s.kind = ScheduleKind::Constant;  // no end in sight yet
      s.decay_steps = state_.decay_start >= 0 ? state_.total_steps - state_.decay_start
                                              : int64_t(std::llround(t.decay_fraction * double(state_.total_steps)));
    }
    trainer_.plan.schedule = s;
  }

  // With a time budget the decay begins when just enough time, or steps of the most allowed, are left for it. The
  // decision is made once and saved at once, so that a run killed afterwards follows the same schedule.
  void watch_the_clock(RunLog& log) {
    if (state_.decay_start >= 0 || plan_.recipe.train.schedule != "wsd") return;
    const double decay_seconds = plan_.recipe.train.decay_fraction * budget_;
    const auto decay_steps = int64_t(plan_.recipe.train.decay_fraction * double(plan_.total_steps));
    const bool last_steps = state_.step + decay_steps >= plan_.total_steps;
    if (state_.seconds + decay_seconds < budget_ && !last_steps) return;
    const double left = std::max(0.0, budget_ - state_.seconds);
    const int64_t by_time = int64_t(left / std::max(1e-6, step_seconds_)), by_steps = plan_.total_steps - state_.step;
    const int64_t steps = std::max<int64_t>(1, std::min(by_time, by_steps));
    state_.decay_start = state_.step;
    state_.total_steps = state_.step + steps;
    set_schedule();
    log.write(StageEvent{.step = state_.step,
                         .name = plan_.stage,
                         .what = "decay",
                         .seconds = state_.seconds,
                         .note = fmt::format("the learning rate falls over the last {} steps", steps)});
    save();
  }

  void one_step(RunLog& log, TensorBoardWriter& board, Progress& progress) {
    const double begin = now_s();
    StepReport r = train_step(trainer_, *parts_.batches, *parts_.objective, state_.step);
    const double took = now_s() - begin;
    step_seconds_ = step_seconds_ == 0 ? took : 0.95 * step_seconds_ + 0.05 * took;
    state_.step = r.step;
    state_.tokens += r.tokens;
    state_.seconds = now_s() - clock_;
    const double rate = double(r.tokens) / step_seconds_;
    const double share = peak_ > 0 ? rate * flops_per_token_ / peak_ : 0;
    result_.tokens_per_s = rate;
    result_.peak_share = share;
    if (r.skipped) {
      ++result_.skipped;
      progress.print(fmt::format("step {} was skipped, its gradient is not finite (first in {})", r.step,
                                 r.bad_tensor.empty() ? "the loss" : r.bad_tensor));
    } else {
      smooth_ = smooth_ == 0 ? r.loss : 0.98 * smooth_ + 0.02 * r.loss;
    }
    log.write(StepEvent{.step = r.step,
                        .loss = r.loss,
                        .bpb = r.bits_per_byte,
                        .lr = r.lr,
                        .grad_norm = r.grad_norm,
                        .tokens = state_.tokens,
                        .tokens_per_s = rate,
                        .seconds = state_.seconds,
                        .peak_share = share,
                        .memory_bytes = r.step % 50 == 1 ? int64_t(resident_memory()) : 0,
                        .skipped = r.skipped,
                        .metrics = r.metrics});
    board.scalar(r.step, "train/loss", r.loss);
    board.scalar(r.step, "train/lr", r.lr);
    board.scalar(r.step, "train/grad_norm", r.grad_norm);
    board.scalar(r.step, "train/tokens_per_s", rate);
    if (!plan_.quiet) {
      const double left = budget_ > 0 && state_.decay_start < 0
                              ? budget_ - state_.seconds
                              : double(state_.total_steps - state_.step) * step_seconds_;
      progress.update(fmt::format(
          "{} {}{}  loss {:.3f}  {:.3f} bits/byte  lr {:.1e}  {} tokens/s  {:.0f} % of peak  {} left", plan_.stage,
          r.step, budget_ > 0 && state_.decay_start < 0 ? "" : fmt::format("/{}", state_.total_steps), smooth_,
          r.bits_per_byte, r.lr, format_count(rate), 100 * share, format_duration(left)));
    }
  }

  void measure(RunLog& log, TensorBoardWriter& board, Progress& progress) {
    if (!parts_.validation || parts_.validation->rows() == 0) return;
    const double begin = now_s();
    if (!frozen_) frozen_ = frozen_view(*parts_.model, false);
    const auto& t = plan_.recipe.train;
    const int64_t rows = t.micro_batch_rows > 0 ? t.micro_batch_rows : t.batch_rows;
    const EvalResult e = evaluate(*frozen_, NextToken{}, parts_.validation, rows, t.eval_tokens);
    result_.validation_loss = e.loss;
    result_.validation_bpb = e.bits_per_byte;
    clock_ += now_s() - begin;
    log.write(EvalEvent{
        .step = state_.step, .loss = e.loss, .bpb = e.bits_per_byte, .seconds = state_.seconds, .tokens = e.tokens});
    board.scalar(state_.step, "validation/loss", e.loss);
    board.scalar(state_.step, "validation/bits_per_byte", e.bits_per_byte);
    const bool best = e.loss < state_.best_loss;
    if (best) {
      state_.best_loss = e.loss;
      state_.best_step = state_.step;
    }
    if (!plan_.quiet)
      progress.print(fmt::format("step {}: validation loss {:.4f}, {:.4f} bits per byte{}", state_.step, e.loss,
                                 e.bits_per_byte, best ? ", the best so far" : ""));
    if (best && t.keep_best && t.eval_every > 0 && state_.step < state_.total_steps) save();
  }

  void observe(RunLog& log, Progress& progress) {
    if (!parts_.observe) return;
    const double begin = now_s();
    progress.print("");
    parts_.observe(state_.step, state_.seconds, frozen_view(*parts_.model, true), log);
    clock_ += now_s() - begin;
  }

  void save() {
    const double begin = now_s();
    state_.batches = parts_.batches->state().to_json();
    state_.extra["optimizer_steps"] = optimizer_.steps_done();
    write_checkpoint(plan_.dir / "checkpoints", *parts_.model, optimizer_, state_, parts_.files);
    prune_checkpoints(plan_.dir / "checkpoints", plan_.recipe.train.keep_last,
                      {plan_.recipe.train.keep_best ? state_.best_step : -1, state_.decay_start});
    result_.checkpoint = checkpoint_path(state_.step);
    last_save_ = now_s();
    clock_ += last_save_ - begin;
  }
};

}  // namespace

RunResult run_training(const RunPlan& plan, RunParts& parts) { return Run(plan, parts)(); }

}  // namespace quern
