import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ProcessPlace {
  /// A port of this machine that nobody listens at now.
  /// - Throws: `GroveError` if there is none.
  public static func freePort() throws -> Int {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw GroveError.system("127.0.0.1", "open a socket", errno: errno) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isBound else { throw GroveError.system("127.0.0.1", "find a free port", errno: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
