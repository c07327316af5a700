// The generic door: any operator of libtorch by the name of its schema, through the boxed dispatcher.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include "Bridge.h"

namespace grove {

GroveStatus findOperator(const char *name, const char *overload, GroveOperatorHandle *out) {
  return guarded([&] {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(found, "libtorch has no operator ", name, *overload ? "." : "", overload);
    *out = new c10::OperatorHandle(*found);  // lives as long as the process: operators are looked up once
  });
}

static c10::IValue tensorList(const GroveValue &value, const c10::Type &type) {
  const c10::Type &inner = type.kind() == c10::TypeKind::OptionalType ? *type.containedType(0) : type;
  if (inner.containedType(0)->kind() == c10::TypeKind::OptionalType) {
    c10::List<std::optional<at::Tensor>> list;
    list.reserve(value.count);
    for (int32_t i = 0; i < value.count; i++) {
      if (value.tensors[i]) list.push_back(tensor(value.tensors[i]));
      else list.push_back(std::nullopt);
    }
    return list;
  }
  c10::List<at::Tensor> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; i++) list.push_back(tensor(value.tensors[i]));
  return list;
}

static c10::IValue argument(const GroveValue &value, const c10::Argument &formal) {
  switch (value.kind) {
    case GROVE_VALUE_DEFAULT:
      if (formal.default_value()) return *formal.default_value();
      TORCH_CHECK(formal.type()->kind() == c10::TypeKind::OptionalType, "argument ", formal.name(), " is missing");
      return c10::IValue();
    case GROVE_VALUE_NONE: return c10::IValue();
    case GROVE_VALUE_TENSOR: return tensor(value.tensor);
    case GROVE_VALUE_TENSORS: return tensorList(value, *formal.type());
    case GROVE_VALUE_INTEGER: {
      auto kind = formal.type()->kind();
      if (kind == c10::TypeKind::OptionalType) kind = formal.type()->containedType(0)->kind();
      if (kind == c10::TypeKind::FloatType) return static_cast<double>(value.integer);
      return value.integer;
    }
    case GROVE_VALUE_NUMBER: return value.number;
    case GROVE_VALUE_BOOLEAN: return value.integer != 0;
    case GROVE_VALUE_INTEGERS: return at::IntArrayRef(value.integers, value.count);
    case GROVE_VALUE_NUMBERS: return at::ArrayRef<double>(value.numbers, value.count);
    case GROVE_VALUE_STRING: return std::string(value.string);
    case GROVE_VALUE_DEVICE:
      return c10::Device(static_cast<c10::DeviceType>(value.integer), static_cast<c10::DeviceIndex>(value.count));
  }
  TORCH_CHECK(false, "unknown kind of argument ", value.kind);
}

/// Appends a result; a list of tensors becomes one result each.
static void append(const c10::IValue &value, GroveValue *results, int32_t capacity, int32_t &count) {
  auto next = [&]() -> GroveValue & {
    TORCH_CHECK(count < capacity, "the operator gives more than ", capacity, " results");
    return results[count++];
  };
  if (value.isTensor()) {
    auto &result = next();
    result.kind = GROVE_VALUE_TENSOR;
    result.tensor = handle(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor &element : value.toTensorList()) {
      auto &result = next();
      result.kind = GROVE_VALUE_TENSOR;
      result.tensor = handle(element);
    }
  } else if (value.isInt()) {
    auto &result = next();
    result.kind = GROVE_VALUE_INTEGER;
    result.integer = value.toInt();
  } else if (value.isDouble()) {
    auto &result = next();
    result.kind = GROVE_VALUE_NUMBER;
    result.number = value.toDouble();
  } else if (value.isBool()) {
    auto &result = next();
    result.kind = GROVE_VALUE_BOOLEAN;
    result.integer = value.toBool();
  } else {
    TORCH_CHECK(value.isNone(), "the operator gives a ", value.tagKind(), ", which cannot be passed on");
    next().kind = GROVE_VALUE_NONE;
  }
}

GroveStatus callOperator(GroveOperatorHandle op, const GroveValue *arguments, int32_t argumentCount,
                         GroveValue *results, int32_t resultCapacity, int32_t *resultCount) {
  *resultCount = 0;
  auto status = guarded([&] {
    const auto &target = *static_cast<const c10::OperatorHandle *>(op);
    const auto &formals = target.schema().arguments();
    TORCH_CHECK(argumentCount <= static_cast<int32_t>(formals.size()), "takes ", formals.size(), " arguments, got ",
                argumentCount);
    static thread_local torch::jit::Stack stack;
    stack.clear();
    for (size_t i = 0; i < formals.size(); i++) {
      static const GroveValue absent{GROVE_VALUE_DEFAULT, 0, {0}};
      stack.push_back(argument(i < static_cast<size_t>(argumentCount) ? arguments[i] : absent, formals[i]));
    }
    target.callBoxed(&stack);
    for (const auto &value : stack) append(value, results, resultCapacity, *resultCount);
    stack.clear();
  });
  if (status.code != GROVE_OK) {
    for (int32_t i = 0; i < *resultCount; i++)
      if (results[i].kind == GROVE_VALUE_TENSOR) { liveTensors--; at::Tensor dropped(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(static_cast<at::TensorImpl *>(results[i].tensor))); }
    *resultCount = 0;
  }
  return status;
}

}  // namespace grove
