// CPU sets, prctl's constants and pipe2 are extensions of glibc.
#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

typedef struct {
  cpu_set_t *set;
  size_t bytes;
} CoreSet;

// Made before the fork: afterwards nothing may allocate.
static int make_core_set(const GroveProcessRequest *request, CoreSet *result) {
  result->set = NULL;
  if (request->coreCount == 0) return 0;
  int most = 0;
  for (int i = 0; i < request->coreCount; i++) {
    if (request->cores[i] < 0) return EINVAL;
    if (request->cores[i] > most) most = request->cores[i];
  }
  result->set = CPU_ALLOC(most + 1);
  if (!result->set) return ENOMEM;
  result->bytes = CPU_ALLOC_SIZE(most + 1);
  CPU_ZERO_S(result->bytes, result->set);
  for (int i = 0; i < request->coreCount; i++) CPU_SET_S(request->cores[i], result->bytes, result->set);
  return 0;
}

static int apply_core_set(const CoreSet *cores) {
  return cores->set && sched_setaffinity(0, cores->bytes, cores->set) != 0 ? errno : 0;
}

static void free_core_set(CoreSet *cores) {
  if (cores->set) CPU_FREE(cores->set);
}

// The signal comes when the parent's thread ends; a parent that has ended before the call is seen by its number.
static void follow(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(128 + SIGTERM);
}

static void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
  for (int descriptor = first; descriptor < 1024; descriptor++) close(descriptor);
}

int grove_process_cores(int *cores, int capacity) {
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t *set = CPU_ALLOC(size);
    if (!set) return 0;
    size_t bytes = CPU_ALLOC_SIZE(size);
    CPU_ZERO_S(bytes, set);
    int failed = sched_getaffinity(0, bytes, set) != 0, count = 0;
    for (int core = 0; !failed && core < size; core++) {
      if (!CPU_ISSET_S(core, bytes, set)) continue;
      if (count < capacity) cores[count] = core;
      count++;
    }
    CPU_FREE(set);
    if (!failed) return count;
    if (errno != EINVAL) return 0;  // EINVAL: the kernel knows more cores than the set has room for
  }
  return 0;
}
#else
// macOS ties no process to cores, and has no signal for the death of a parent.
typedef struct {
  char none;
} CoreSet;
static int make_core_set(const GroveProcessRequest *request, CoreSet *result) {
  (void)request, (void)result;
  return 0;
}
static int apply_core_set(const CoreSet *cores) {
  (void)cores;
  return 0;
}
static void free_core_set(CoreSet *cores) { (void)cores; }
static void follow(pid_t parent) {
  if (getppid() != parent) _exit(128 + SIGTERM);
}
static void close_from(int first) {
  for (int descriptor = first; descriptor < 1024; descriptor++) close(descriptor);
}
int grove_process_cores(int *cores, int capacity) {
  (void)cores, (void)capacity;
  return 0;
}
#endif

// Handlers do not survive an exec, but what is ignored or blocked here would stay so there.
static void forget_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// The child's side. Only calls that are safe after the fork of a process with threads. Returns only with an error.
static int become(const GroveProcessRequest *request, const CoreSet *cores, pid_t parent, int nothing, int *report) {
  setpgid(0, 0);
  follow(parent);
  int failure = apply_core_set(cores);
  if (failure) return failure;
  // First above the three that are replaced, so that none overwrites another.
  int output = fcntl(request->output, F_DUPFD, 4), errors = fcntl(request->errors, F_DUPFD, 4);
  int input = fcntl(nothing, F_DUPFD, 4), kept = fcntl(*report, F_DUPFD, 4);
  if (output < 0 || errors < 0 || input < 0 || kept < 0) return errno;
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0 || dup2(kept, 3) < 0) return errno;
  *report = 3;
  close_from(4);
  if (fcntl(3, F_SETFD, FD_CLOEXEC) != 0) return errno;
  forget_signals();
  execve(request->path, request->arguments, request->environment);
  return errno;
}

int grove_process_start(const GroveProcessRequest *request, int *identifier) {
  CoreSet cores;
  int failure = make_core_set(request, &cores);
  if (failure) return failure;
  int pipe_ends[2], nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || pipe(pipe_ends) != 0) {
    failure = errno;
    if (nothing >= 0) close(nothing);
    free_core_set(&cores);
    return failure;
  }
  fcntl(pipe_ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(pipe_ends[1], F_SETFD, FD_CLOEXEC);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    int report = pipe_ends[1], problem = become(request, &cores, parent, nothing, &report);
    ssize_t written = write(report, &problem, sizeof problem);
    (void)written;
    _exit(127);
  }
  failure = child < 0 ? errno : 0;
  close(pipe_ends[1]);
  close(nothing);
  free_core_set(&cores);
  if (!failure) {
    // The pipe closes without a word when the exec succeeds.
    ssize_t count;
    do count = read(pipe_ends[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof failure) failure = 0;
    if (failure) waitpid(child, NULL, 0);
  }
  close(pipe_ends[0]);
  *identifier = (int)child;
  return failure;
}

int grove_process_poll(int identifier, int *code, int *signal) {
  siginfo_t information;
  memset(&information, 0, sizeof information);
  // Not yet forgotten, so that its number still belongs to its group.
  *code = *signal = -1;
  if (waitid(P_PID, (id_t)identifier, &information, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == ECHILD;
  if (information.si_pid == 0) return 0;
  kill(-identifier, SIGKILL);
  int status = 0;
  while (waitpid(identifier, &status, 0) < 0 && errno == EINTR) {
  }
  *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  *signal = WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  return 1;
}
