import Foundation

/// A terminal that nobody looks at, for what commands show only to people.
enum PseudoTerminal {
  /// What a command writes to standard error where that is a terminal; lines end in CR LF.
  static func errors(of arguments: [String], in folder: URL) throws -> String {
    let (master, name) = try opened()
    let terminal = FileHandle(fileDescriptor: open(name, O_RDWR | O_NOCTTY), closeOnDealloc: true)
    defer { close(master) }
    _ = fcntl(master, F_SETFL, O_NONBLOCK)
    let process = Process()
    process.executableURL = GroveTool.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = terminal
    try process.run()
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let isRunning = process.isRunning  // before reading, so that the last words are not missed
      let count = read(master, &piece, piece.count)
      if count > 0 { bytes += piece[..<count] } else if isRunning { usleep(2000) } else { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The side that reads, and the path of the side that is the terminal.
  private static func opened() throws -> (master: Int32, name: String) {
    #if canImport(Darwin)
      let master = posix_openpt(O_RDWR | O_NOCTTY)
      guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master) else {
        throw CocoaError(.fileReadUnknown)
      }
      return (master, String(cString: name))
    #else
      // What unlockpt and ptsname do; the C library's own are hidden from Swift.
      let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      var (isLocked, index): (Int32, Int32) = (0, 0)
      guard master >= 0, ioctl(master, unlock, &isLocked) == 0, ioctl(master, number, &index) == 0 else {
        throw CocoaError(.fileReadUnknown)
      }
      return (master, "/dev/pts/\(index)")
    #endif
  }
}
