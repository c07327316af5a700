#pragma once

// What Swift cannot say between fork and exec: the cores of a process, its group, and that it follows its parent.
#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *path;           // of the executable
  char *const *arguments;     // with the name of the program first; ends with NULL
  char *const *environment;   // "NAME=value"; ends with NULL
  int output, errors;         // descriptors that become standard output and standard error; input is empty
  const int *cores;           // numbers of the cores that it may use
  int coreCount;              // 0 leaves it those of its parent
} GroveProcessRequest;

// Starts a process in a group of its own. On Linux it gets SIGTERM when the thread that calls this ends.
// Returns 0 and its identifier, or an errno: of exec too.
int grove_process_start(const GroveProcessRequest *request, int *identifier);

// Whether a process has ended; if so, what is left of its group is killed, and the process is forgotten by the system.
// Returns 0 while it runs and 1 once it has ended, with its exit code or the signal that ended it. The other is -1; both
// are where the system does not tell, because this process ignores SIGCHLD.
int grove_process_poll(int identifier, int *code, int *signal);

// Writes the numbers of the cores that this process may use, in order, and returns how many there are, which may be more
// than `capacity`; 0 where the system does not tell.
int grove_process_cores(int *cores, int capacity);

#ifdef __cplusplus
}
#endif
