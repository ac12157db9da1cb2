// SPDX-License-Identifier: MIT
#include "train/step.h"

#include <cmath>

namespace quern {

StepReport train_step(Trainer& t, BatchSource& batches, const Objective& objective, int64_t step) {
  t.model.params->clear_grads();
  StepReport report{.step = step + 1};
  double nll_sum = 0;
  int64_t bytes = 0;
  for (int64_t m = 0; m < t.plan.micro_batches; ++m) {
    const TokenBatch batch = batches.next();
    Loss loss = objective(t.model, batch);
    if (loss.count > 0 && loss.sum.trainable()) loss.sum.backward();  // adds into the gradients
    nll_sum += loss.nll_sum;
    report.count += loss.count;
    report.tokens += batch.size();
    bytes += loss.bytes;
    for (size_t i = 0; i < loss.metrics.size(); ++i) {
      if (report.metrics.size() <= i)
        report.metrics.push_back(loss.metrics[i]);
      else
        report.metrics[i].second += loss.metrics[i].second;
    }
  }
  const double count = std::max<double>(1, double(report.count));
  for (auto& [name, value] : report.metrics) value /= count;
  report.loss = nll_sum / count;
  report.bits_per_byte = bytes > 0 ? nll_sum / (std::log(2.0) * double(bytes)) : 0;
  report.lr = t.plan.schedule.lr_at(step + 1);

  const Optimizer::GradNorm norm = t.optimizer.grad_norm();
  report.grad_norm = norm.norm / count;
  report.bad_tensor = norm.first_non_finite;
  report.skipped = !norm.first_non_finite.empty() || !std::isfinite(nll_sum) || report.count == 0;
  if (report.skipped) return report;
  const double clip = t.plan.max_grad_norm > 0 && report.grad_norm > t.plan.max_grad_norm
                          ? t.plan.max_grad_norm / (report.grad_norm + 1e-6)
                          : 1.0;
  t.optimizer.step(float(report.lr), float(clip / count));
  return report;
}

}  // namespace quern
