#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the system says about this process's memory.
public enum ResidentMemory {
  /// The most memory that was resident at once since the process began.
  public static var peakBytes: Int {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return Int(usage.ru_maxrss) * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss)
    #endif
  }
}
