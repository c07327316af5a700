import Foundation

/// The Swift that `swift build` would use.
enum SwiftToolchain {
  /// The version that the `swift` of PATH tells, as "6.3.1"; nil if there is none or it tells none.
  static var versionOnPath: String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let files = folders.map { URL(filePath: String($0)).appending(path: "swift") }
    guard let file = files.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else { return nil }
    let process = Process()
    let output = Pipe()
    process.executableURL = file
    process.arguments = ["--version"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.firstMatch(of: /Swift version (\S+)/).map { String($0.1) }
  }
}
