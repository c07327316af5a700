// Fills the table of functions: tensors, autograd, the process.
#include "Bridge.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/headeronly/version.h>

#include <dlfcn.h>

#include <cstring>

#include "TorchBridge.h"

namespace grove {

std::atomic<int64_t> liveTensors{0};

GroveStatus failure(int32_t code, const char *message) { return GroveStatus{code, strdup(message)}; }

/// libtorch's messages carry a stack trace and hints for Python; the first lines say what is wrong.
static std::string shortened(std::string message) {
  for (const char *tail : {"\nException raised from", "\nThis error was originally", "\nCould not run"}) {
    auto at = message.find(tail);
    if (at != std::string::npos) message.resize(at);
  }
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

GroveStatus currentFailure() noexcept {
  try {
    throw;
  } catch (const c10::OutOfMemoryError &error) {
    return failure(GROVE_OUT_OF_MEMORY, shortened(error.what_without_backtrace()).c_str());
  } catch (const c10::Error &error) {
    std::string message = shortened(error.what_without_backtrace());
    bool memory = message.find("not enough memory") != std::string::npos;
    return failure(memory ? GROVE_OUT_OF_MEMORY : GROVE_FAILED, message.c_str());
  } catch (const PeerError &error) {
    return failure(GROVE_PEERS, error.what());
  } catch (const std::bad_alloc &) {
    return failure(GROVE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &error) {
    return failure(GROVE_FAILED, shortened(error.what()).c_str());
  } catch (...) {
    return failure(GROVE_FAILED, "an unknown exception");
  }
}

static void release(GroveTensorHandle handle) {
  if (!handle) return;
  liveTensors.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(static_cast<at::TensorImpl *>(handle));
}

static void describe(GroveTensorHandle handle, GroveTensorInfo *out) {
  auto *implementation = static_cast<at::TensorImpl *>(handle);
  auto device = implementation->device();
  out->dtype = static_cast<int32_t>(c10::typeMetaToScalarType(implementation->dtype()));
  out->deviceType = static_cast<int32_t>(device.type());
  out->deviceIndex = device.index();
  out->rank = static_cast<int32_t>(implementation->dim());
  out->sizes = implementation->sizes().data();
  out->strides = implementation->strides().data();
  out->elementCount = implementation->numel();
  out->data = implementation->has_storage() ? const_cast<void *>(implementation->data()) : nullptr;
  out->isContiguous = implementation->is_contiguous();
  out->requiresGradient = implementation->requires_grad();
}

static GroveStatus wrap(void *data, const int64_t *sizes, int32_t rank, int32_t dtype, void (*deleter)(void *),
                        void *context, GroveTensorHandle *out) {
  return guarded([&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    at::IntArrayRef shape(sizes, rank);
    *out = handle(at::from_blob(data, shape, [=](void *) { if (deleter) deleter(context); }, options));
  });
}

static bool setGradients(bool enabled) {
  bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return before;
}

static GroveStatus setRequiresGradient(GroveTensorHandle handle, bool value) {
  return guarded([&] { tensor(handle).set_requires_grad(value); });
}

static GroveStatus backward(GroveTensorHandle root, GroveTensorHandle gradient) {
  return guarded([&] {
    torch::autograd::variable_list cotangents;
    if (gradient) cotangents.push_back(tensor(gradient));
    torch::autograd::backward({tensor(root)}, cotangents);
  });
}

static GroveStatus gradients(GroveTensorHandle root, GroveTensorHandle cotangent, const GroveTensorHandle *inputs,
                             int32_t count, GroveTensorHandle *out) {
  return guarded([&] {
    torch::autograd::variable_list wanted, cotangents;
    for (int32_t i = 0; i < count; i++) wanted.push_back(tensor(inputs[i]));
    if (cotangent) cotangents.push_back(tensor(cotangent));
    auto found = torch::autograd::grad({tensor(root)}, wanted, cotangents, std::nullopt, false, true);
    for (int32_t i = 0; i < count; i++) out[i] = handle(found[i]);
  });
}

static GroveStatus gradient(GroveTensorHandle handle_, GroveTensorHandle *out) {
  return guarded([&] { *out = handle(tensor(handle_).grad()); });
}

static void clearGradient(GroveTensorHandle handle) { tensor(handle).mutable_grad().reset(); }

static GroveStatus seed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

static int32_t cudaDevices() {
  return at::globalContext().hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

/// The name comes from the driver, which a CUDA build has in memory: libtorch tells it to Python alone.
static void readName(int32_t index, char *name, int capacity) {
  void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!driver) return;
  auto get = reinterpret_cast<int (*)(int *, int)>(dlsym(driver, "cuDeviceGet"));
  auto getName = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
  int device = 0;
  bool isKnown = get && getName && get(&device, index) == 0 && getName(name, capacity, device) == 0;
  if (!isKnown) name[0] = 0;
  dlclose(driver);
}

static GroveStatus cudaDevice(int32_t index, GroveDevice *out) {
  return guarded([&] {
    *out = GroveDevice{};
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    auto *allocator = at::getDeviceAllocator(c10::DeviceType::CUDA);
    out->totalBytes = static_cast<int64_t>(allocator->getMemoryInfo(static_cast<c10::DeviceIndex>(index)).second);
    readName(index, out->name, sizeof out->name);
  });
}

static GroveStatus synchronize(int32_t deviceType, int32_t deviceIndex) {
  return guarded([&] {
    if (static_cast<c10::DeviceType>(deviceType) == c10::DeviceType::CUDA)
      at::detail::getCUDAHooks().deviceSynchronize(static_cast<c10::DeviceIndex>(deviceIndex));
  });
}

static GroveTorch makeTable() {
  installAllocator();
  GroveTorch table{};
  table.abi = GROVE_TORCH_ABI;
  table.compiledVersion = TORCH_VERSION;
  static const std::string loaded = [] {  // "PyTorch built with:" comes with the library, not with its headers
    std::string text = at::show_config();
    auto at = text.find("TORCH_VERSION=");
    if (at == std::string::npos) return std::string(TORCH_VERSION);
    auto end = text.find_first_of(", \n", at);
    return text.substr(at + 14, end - at - 14);
  }();
  table.loadedVersion = loaded.c_str();
  table.release_message = [](char *message) { free(message); };
  table.find_operator = findOperator;
  table.call = callOperator;
  table.release = release;
  table.describe = describe;
  table.wrap = wrap;
  table.set_gradients = setGradients;
  table.set_requires_gradient = setRequiresGradient;
  table.backward = backward;
  table.gradients = gradients;
  table.gradient = gradient;
  table.clear_gradient = clearGradient;
  table.seed = seed;
  table.set_threads = [](int32_t count) { return guarded([&] { at::set_num_threads(count); }); };
  table.threads = [] { return static_cast<int32_t>(at::get_num_threads()); };
  table.memory = memoryStatistics;
  table.reset_peak = resetPeak;
  table.cuda_devices = cudaDevices;
  table.cuda_device = cudaDevice;
  table.has_mps = [] { return at::globalContext().hasMPS(); };
  table.synchronize = synchronize;
  installKernels(table);
  installProcesses(table);
  return table;
}

}  // namespace grove

const GroveTorch *grove_torch_table(void) {
  static const GroveTorch table = grove::makeTable();
  return &table;
}
