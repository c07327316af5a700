// The one symbol that the bridge to libtorch exports.
#ifndef GROVE_TORCH_BRIDGE_H
#define GROVE_TORCH_BRIDGE_H
#include "CTorch.h"
#ifdef __cplusplus
extern "C"
#endif
__attribute__((visibility("default"))) const GroveTorch *grove_torch_table(void);
#endif
