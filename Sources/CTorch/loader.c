// dlopen's RTLD_DEFAULT family and asprintf are extensions of glibc.
#define _GNU_SOURCE
#include "CTorch.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#define LIBRARY(name) "lib" name ".dylib"
#else
#define LIBRARY(name) "lib" name ".so"
#endif

static void say(char **message, const char *format, const char *a, const char *b) {
  if (asprintf(message, format, a, b) < 0) *message = strdup("out of memory");
}

// Opens one library of libtorch, so that the bridge finds it already in memory wherever it was linked.
static bool open_library(const char *folder, const char *name, bool required, char **message) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/lib/%s", folder, name) >= (int)sizeof path) {
    say(message, "the path of libtorch is too long: %s%s", folder, "");
    return false;
  }
  if (!required && access(path, R_OK) != 0) return true;
  if (dlopen(path, RTLD_NOW | RTLD_GLOBAL)) return true;
  if (!required) return true;  // a CUDA build on a machine without a driver
  say(message, "cannot load %s: %s", path, dlerror());
  return false;
}

// A thread of libtorch's team that waits for another burns milliseconds in a loop by default, which is fine only where
// each has a core of its own. Beside other work on the machine a step took 2 to 7 times as long. What the user sets wins.
static void limit_waiting(void) {
  if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "3000", 0);
}

const GroveTorch *grove_torch_load(const char *libtorchFolder, const char *bridgeFile, char **message) {
  *message = NULL;
  limit_waiting();
  if (!open_library(libtorchFolder, LIBRARY("c10"), true, message)) return NULL;
  if (!open_library(libtorchFolder, LIBRARY("torch_cpu"), true, message)) return NULL;
  if (access("/dev/nvidiactl", R_OK) == 0) open_library(libtorchFolder, LIBRARY("torch_cuda"), false, message);
  void *bridge = dlopen(bridgeFile, RTLD_NOW | RTLD_LOCAL);
  if (!bridge) {
    say(message, "cannot load %s: %s", bridgeFile, dlerror());
    return NULL;
  }
  const GroveTorch *(*table)(void) = (const GroveTorch *(*)(void))dlsym(bridge, "grove_torch_table");
  if (!table) {
    say(message, "%s is not Grove's bridge to libtorch%s", bridgeFile, "");
    return NULL;
  }
  const GroveTorch *torch = table();
  if (torch->abi != GROVE_TORCH_ABI) {
    say(message, "%s was built for another version of Grove%s", bridgeFile, "");
    return NULL;
  }
  if (strcmp(torch->compiledVersion, torch->loadedVersion) != 0) {
    say(message, "built for libtorch %s, found %s", torch->compiledVersion, torch->loadedVersion);
    return NULL;
  }
  return torch;
}
