// SPDX-License-Identifier: MIT
#include "formats/quantise_model.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/quant/quantise.h"

namespace quern {

double QuantiseReport::bits_per_weight() const {
  return 8.0 * double(size_bytes) / double(std::max<int64_t>(1, written.values));
}

Tensor encoded_by_importance(const std::string& name, const Tensor& values, DType dtype,
                             std::span<const float> importance) {
  if (values.dtype() == dtype || importance.empty() || !is_quantised(dtype)) return values.to(dtype).contiguous();
  const int64_t K = values.size(-1);
  if (int64_t(importance.size()) != K)
    throw Error(ErrorKind::InvalidData, "the importance matrix has {} columns for '{}', which has {}",
                importance.size(), name, K)
        .hint("it was made from another model");
  const Tensor wide = values.to(DType::f32).contiguous(), out = Tensor::empty(values.shape(), dtype);
  quantise(dtype, wide.data(), values.numel() / K, K, importance, out.raw());
  return out;
}

QuantiseReport quantise_model(const ModelSource& source, const fs::path& to, const QuantiseOptions& options) {
  if (to.extension() != ".gguf")
    throw Error(ErrorKind::InvalidArgument, "{}: quantised models are written as GGUF", to.string())
        .hint("give a name that ends in .gguf");
  QuantisePlanOptions plan = options.plan;
  require_written(plan.dtype);
  for (const auto& given : {plan.embedding, plan.head})
    if (given) require_written(*given);
  const std::vector<std::string> names = source.weights()->names();
  plan.tied = std::ranges::none_of(names, [](const std::string& name) { return is_head_name(name); });

  QuantiseReport report;
  ConvertOptions convert{.type = {}, .choose = {}, .step = "quantize"};
  convert.max_part_bytes = options.max_part_bytes;
  convert.note = options.note;
  convert.note["type"] = std::string(name(plan.dtype));
  convert.choose = [&](const std::string& weight, const Shape& shape) {
    const PlannedTensor planned = plan_tensor(weight, shape, plan);
    QuantiseReport::Matrices& matrices = report.types[std::string(name(planned.dtype))];
    ++matrices.tensors;
    matrices.bytes += int64_t(size_bytes(planned.dtype, numel(shape)));
    if (planned.dtype != plan.dtype) matrices.reason = planned.reason;
    return planned.dtype;
  };
  convert.encode = options.encode;
  if (!convert.encode && options.importance)
    convert.encode = [&](const std::string& weight, const Tensor& values, DType dtype) {
      return encoded_by_importance(weight, values, dtype, options.importance->of(weight));
    };
  report.written = convert_model(source, to, convert);
  for (const std::string& file : report.written.files) report.size_bytes += fs::file_size(file);
  return report;
}

}  // namespace quern
