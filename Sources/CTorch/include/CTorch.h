// The C door to libtorch: one table of functions, filled by the library TorchBridge, which is loaded at the first use.
//
// No function lets a C++ exception out. One that can fail returns a GroveStatus whose message is null when it went well.
// A tensor handle owns one reference and is given back with `release`. Axes, sizes and counts are 64-bit.
#ifndef GROVE_CTORCH_H
#define GROVE_CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raised whenever the table below changes; loader and bridge must agree.
#define GROVE_TORCH_ABI 7

typedef void *GroveTensorHandle;
typedef const void *GroveOperatorHandle;

enum { GROVE_OK = 0, GROVE_FAILED = 1, GROVE_OUT_OF_MEMORY = 2, GROVE_PEERS = 3 };

typedef struct {
  int32_t code;
  char *message;  // null when code is GROVE_OK; otherwise freed with `release_message`
} GroveStatus;

// An argument or a result of an operator.
enum {
  GROVE_VALUE_DEFAULT = 0,  // the default of the operator's schema
  GROVE_VALUE_NONE,
  GROVE_VALUE_TENSOR,
  GROVE_VALUE_TENSORS,
  GROVE_VALUE_INTEGER,
  GROVE_VALUE_NUMBER,
  GROVE_VALUE_BOOLEAN,
  GROVE_VALUE_INTEGERS,
  GROVE_VALUE_NUMBERS,
  GROVE_VALUE_STRING,
  GROVE_VALUE_DEVICE,  // the type in `integer`, the index in `count`
};

typedef struct {
  int32_t kind;
  int32_t count;  // elements of a list
  union {
    int64_t integer;
    double number;
    GroveTensorHandle tensor;
    const GroveTensorHandle *tensors;  // null elements stand for "none"
    const int64_t *integers;
    const double *numbers;
    const char *string;
  };
} GroveValue;

typedef struct {
  int32_t dtype;       // c10::ScalarType
  int32_t deviceType;  // c10::DeviceType
  int32_t deviceIndex;
  int32_t rank;
  const int64_t *sizes;    // valid while the tensor lives
  const int64_t *strides;
  int64_t elementCount;
  void *data;  // null for a tensor without memory
  bool isContiguous;
  bool requiresGradient;
} GroveTensorInfo;

typedef struct {
  int64_t liveTensors;      // handles not yet released
  int64_t liveBytes;        // CPU memory held by tensors
  int64_t peakBytes;        // its maximum since the last reset
  int64_t cachedBytes;      // CPU memory kept for later tensors
  int64_t allocationCount;  // CPU allocations since the start
  int64_t systemAllocationCount;  // those of them that went to the system
} GroveMemory;

// One parameter's state for the fused AdamW step; all of them contiguous, of equal element count.
typedef struct {
  float *master;       // fp32 weights
  void *working;       // bf16 copy written after the step; null where the weights are used in fp32
  const void *gradient;
  float *mean;         // first moment
  float *square;       // second moment
  int64_t count;
  float weightDecay;   // 0 for norms and biases
  bool gradientIsBFloat16;
} GroveAdamWParameter;

// A norm over the last axis of a float32 stream.
typedef struct {
  GroveTensorHandle x;
  GroveTensorHandle delta;  // added to x first, of the result's dtype; or null
  GroveTensorHandle weight;
  GroveTensorHandle bias;   // or null
  double epsilon;
  bool centered;            // layer norm; else root mean square
  int32_t dtype;            // of the result: float32 or bfloat16
} GroveNorm;

// Attention of T new positions, of which the first is `position`, over a cache that takes in their keys and values.
typedef struct {
  GroveTensorHandle projected;  // [B, T, (H + 2G)·D]: queries, keys, values
  GroveTensorHandle cosine;     // [T, D/2], float32, to turn queries and keys by; or null
  GroveTensorHandle sine;
  GroveTensorHandle keys;       // [B, G, capacity, D], written to
  GroveTensorHandle values;
  int64_t position;
  int64_t heads;
} GroveCachedAttention;

// A function of tensors that may be called more than once, and what it holds.
typedef struct {
  // Takes over the references of the inputs, and calls `take` with the result before it gives that up. A message, which the
  // bridge frees with `free`, says why there is none.
  char *(*run)(void *context, const GroveTensorHandle *inputs, int32_t count,
               void (*take)(void *taker, GroveTensorHandle result), void *taker);
  void (*release)(void *context);
  void *context;
} GroveRecomputation;

typedef struct {
  char name[256];  // empty where the driver does not tell it
  int64_t totalBytes;
} GroveDevice;

// One process among those that train together.
typedef struct {
  int32_t rank;
  int32_t size;
  const char *host;       // where process 0 listens
  int32_t port;
  const char *interface;  // of the network, "eth0"; null takes the one that leads to the host
  double joinSeconds;     // how long to wait for the others to come
  double silenceSeconds;  // a process not heard of for so long is lost
} GroveProcessPlace;

typedef struct GroveProcessGroup *GroveProcessGroupHandle;
typedef struct GroveGradientBuckets *GroveGradientBucketsHandle;

typedef struct {
  int32_t abi;
  const char *compiledVersion;  // libtorch's version when the bridge was compiled
  const char *loadedVersion;    // that of the library in memory
  void (*release_message)(char *message);

  // Operators
  GroveStatus (*find_operator)(const char *name, const char *overload, GroveOperatorHandle *out);
  GroveStatus (*call)(GroveOperatorHandle op, const GroveValue *arguments, int32_t argumentCount,
                      GroveValue *results, int32_t resultCapacity, int32_t *resultCount);

  // Tensors
  void (*release)(GroveTensorHandle tensor);
  void (*describe)(GroveTensorHandle tensor, GroveTensorInfo *out);
  GroveStatus (*wrap)(void *data, const int64_t *sizes, int32_t rank, int32_t dtype, void (*deleter)(void *),
                      void *context, GroveTensorHandle *out);

  // Autograd
  bool (*set_gradients)(bool enabled);  // of this thread; returns the state before
  GroveStatus (*set_requires_gradient)(GroveTensorHandle tensor, bool value);
  GroveStatus (*backward)(GroveTensorHandle root, GroveTensorHandle gradient);
  GroveStatus (*gradients)(GroveTensorHandle root, GroveTensorHandle cotangent, const GroveTensorHandle *inputs,
                           int32_t count, GroveTensorHandle *out);
  GroveStatus (*gradient)(GroveTensorHandle tensor, GroveTensorHandle *out);  // null where there is none
  void (*clear_gradient)(GroveTensorHandle tensor);
  // What `part` makes of the first `inputs` tensors. Of its work nothing is kept for the backward pass, which does it again.
  // The other tensors are those that `part` reads by itself and whose gradients are wanted. Takes over `part` in any case.
  GroveStatus (*recompute)(GroveRecomputation part, const GroveTensorHandle *tensors, int32_t count, int32_t inputs,
                           GroveTensorHandle *out);

  // The process
  GroveStatus (*seed)(uint64_t seed);
  GroveStatus (*set_threads)(int32_t count);
  int32_t (*threads)(void);
  void (*memory)(GroveMemory *out);
  void (*reset_peak)(void);
  int32_t (*cuda_devices)(void);
  GroveStatus (*cuda_device)(int32_t index, GroveDevice *out);
  bool (*has_mps)(void);
  GroveStatus (*synchronize)(int32_t deviceType, int32_t deviceIndex);

  // Fused kernels (CPU), each with an oracle in plain operators in the tests
  GroveStatus (*sum_of_squares)(const GroveTensorHandle *tensors, int32_t count, double *out);
  GroveStatus (*adamw)(const GroveAdamWParameter *parameters, int32_t count, double learningRate, double beta1,
                       double beta2, double epsilon, int64_t step, double gradientScale);
  // x · weightᵀ + bias; bias may be null.
  GroveStatus (*linear)(GroveTensorHandle x, GroveTensorHandle weight, GroveTensorHandle bias, GroveTensorHandle *out);
  // `stream` is x + delta, and null where there is no delta.
  GroveStatus (*norm)(const GroveNorm *arguments, GroveTensorHandle *stream, GroveTensorHandle *out);
  // float32 x + delta of float32 or bfloat16, of equal sizes.
  GroveStatus (*add)(GroveTensorHandle x, GroveTensorHandle delta, GroveTensorHandle *out);
  // [B, T, H + 2G, D] to queries [B, T, H, D], keys and values [B, T, G, D]; queries and keys are turned by the angles
  // [T, D/2] of their positions.
  GroveStatus (*rotary_heads)(GroveTensorHandle projected, GroveTensorHandle cosine, GroveTensorHandle sine,
                              int64_t heads, int64_t keyValueHeads, GroveTensorHandle *out);
  GroveStatus (*swiglu)(GroveTensorHandle x, GroveTensorHandle *out);  // [..., gate | up]
  GroveStatus (*gelu)(GroveTensorHandle x, GroveTensorHandle *out);    // the tanh form
  // Weights in [0, 1] of scores [B, T] in float32, about `count` in sum for each row, by coordinate descent.
  GroveStatus (*soft_top_k)(GroveTensorHandle scores, double count, double temperature, int64_t iterations,
                            GroveTensorHandle *out);
  // Whether `attention` works in this dtype for heads of this width, on this machine.
  bool (*attends)(int32_t dtype, int64_t headWidth);
  // softmax(q kᵀ / √D) v: queries [B, H, T, D], keys and values [B, G, S, D] with H a multiple of G; causal only with S = T.
  GroveStatus (*attention)(GroveTensorHandle q, GroveTensorHandle k, GroveTensorHandle v, bool causal,
                           GroveTensorHandle *out);
  // As causal `attention` for T ≤ S queries, the last ones of the S positions; no gradients.
  GroveStatus (*last_queries)(GroveTensorHandle q, GroveTensorHandle k, GroveTensorHandle v, GroveTensorHandle *out);
  // softmax(q kᵀ / √D) v as [B, T, H·D], each position seeing itself and all before it; no gradients.
  GroveStatus (*cached_attention)(const GroveCachedAttention *arguments, GroveTensorHandle *out);
  // x · weightᵀ + bias with int8 values [out, in padded to 32] and a float16 scale for each 32 of them; no gradients.
  GroveStatus (*quantized_linear)(GroveTensorHandle x, GroveTensorHandle values, GroveTensorHandle scales,
                                  GroveTensorHandle bias, GroveTensorHandle *out);
  // Mean negative log-likelihood of `targets` [N] under softmax(x [N, C] · weight[V, C]ᵀ), with z-loss; never holds
  // the logits of more than one block of rows.
  GroveStatus (*linear_cross_entropy)(GroveTensorHandle x, GroveTensorHandle weight, GroveTensorHandle targets,
                                      int64_t ignored, double zLoss, GroveTensorHandle *out);

  // Processes. Calls that involve the others fail with GROVE_PEERS, and a message that names the culprit, when one of
  // them is lost or gives up. All processes make the same calls in the same order.
  GroveStatus (*join_processes)(const GroveProcessPlace *place, GroveProcessGroupHandle *out);
  // Waits for the others to leave too, and frees the group.
  GroveStatus (*leave_processes)(GroveProcessGroupHandle group);
  // Tells the others why this process ends, and gives them a moment to read it. The group is never freed: threads of it
  // may still wait for the lost process.
  void (*abandon_processes)(GroveProcessGroupHandle group, const char *reason);
  GroveStatus (*sum_over_processes)(GroveProcessGroupHandle group, GroveTensorHandle tensor);  // in place
  // Replaces each tensor, in place, by that of its root.
  GroveStatus (*broadcast)(GroveProcessGroupHandle group, const GroveTensorHandle *tensors, const int32_t *roots,
                           int32_t count);
  double (*waited_seconds)(GroveProcessGroupHandle group);  // in these calls so far
  // Gathers the gradients of tensors in float32 as the backward pass finds them, and sums full buckets over the
  // processes while it goes on.
  GroveStatus (*make_buckets)(GroveProcessGroupHandle group, const GroveTensorHandle *tensors, int32_t count,
                              int64_t bucketBytes, GroveGradientBucketsHandle *out);
  // Before each backward pass: whether its gradients are the first of a sum, and whether they complete it.
  void (*arm_buckets)(GroveGradientBucketsHandle buckets, bool isFirst, bool isLast);
  // Waits for the sums. `out` gets a gradient for each tensor, a view that lives until the next pass; null, where a
  // tensor had no part in the loss.
  GroveStatus (*finish_buckets)(GroveGradientBucketsHandle buckets, GroveTensorHandle *out);
  void (*free_buckets)(GroveGradientBucketsHandle buckets);
} GroveTorch;

// Loads libtorch from a folder and the bridge from a file. On failure returns null and a message for the user, which the
// caller frees.
const GroveTorch *grove_torch_load(const char *libtorchFolder, const char *bridgeFile, char **message);

#ifdef __cplusplus
}
#endif
#endif
