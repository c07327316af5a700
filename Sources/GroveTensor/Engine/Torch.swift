internal import CTorch
public import Foundation
public import GroveCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The tensor engine of this process: libtorch, loaded when the first tensor is made.
public enum Torch {
  /// The library's version, as "2.13.0+cpu" or the like.
  public static func version() throws -> String { String(cString: try table().pointee.loadedVersion!) }

  /// The folder whose `lib` holds libtorch: `GROVE_LIBTORCH`, or `.deps/libtorch` in a folder above the executable.
  public static let libtorchFolder: URL? = {
    if let path = ProcessInfo.processInfo.environment["GROVE_LIBTORCH"] { return URL(filePath: path) }
    return folders(above: executable).map { $0.appending(path: ".deps/libtorch") }.first { FileSystem.isFolder($0) }
  }()

  /// Threads that libtorch uses for one operator, on the calling thread's behalf.
  public static func threads() throws -> Int { Int(try table().pointee.threads()) }

  /// The most threads that `setThreads` takes.
  public static let mostThreads = 1024

  /// Sets the threads that libtorch uses for one operator.
  /// - Throws: `TorchError` if the count is outside 1...1024.
  public static func setThreads(_ count: Int) throws {
    guard (1...mostThreads).contains(count) else {
      throw TorchError(.refused, "threads", "\(count) is outside 1...\(mostThreads)")
    }
    try check("threads", table().pointee.set_threads(Int32(count)))
  }

  /// Seeds libtorch's own generators (dropout masks of fused operators). Grove's draws come from `RandomKey`.
  public static func seed(_ key: RandomKey) throws { try check("seed", table().pointee.seed(key.value)) }

  /// NVIDIA GPUs that libtorch can use; 0 with a CPU build.
  public static func cudaDevices() throws -> Int { Int(try table().pointee.cuda_devices()) }

  /// A GPU that libtorch can use.
  public struct Accelerator: Sendable {
    /// What tensors are put on to use it.
    public let device: Device
    /// Nil where the driver does not tell it.
    public let name: String?
    /// Nil where libtorch does not tell it.
    public let memoryBytes: Int?
  }

  /// The GPUs that libtorch can use, NVIDIA's first.
  public static func accelerators() throws -> [Accelerator] {
    var found = try (0..<cudaDevices()).map { index in
      var raw = GroveDevice()
      try check("cuda:\(index)", table().pointee.cuda_device(Int32(index), &raw))
      let name = withUnsafeBytes(of: raw.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      return Accelerator(device: .cuda(index), name: name.isEmpty ? nil : name, memoryBytes: Int(raw.totalBytes))
    }
    if try table().pointee.has_mps() { found.append(Accelerator(device: .mps, name: nil, memoryBytes: nil)) }
    return found
  }

  /// Waits until the device has done all that was asked of it; does nothing on a CPU.
  public static func synchronize(_ device: Device) throws {
    try check("synchronize", table().pointee.synchronize(device.typeCode, device.indexCode))
  }

  /// Memory of tensors on the CPU, and how often it was asked for.
  public struct Memory: Sendable {
    /// Tensor handles that Swift holds: for leak tests.
    public let liveTensors: Int
    /// Held by tensors now, rounded up as the allocator takes it.
    public let liveBytes: Int
    /// The most at once since the last `resetPeak()`.
    public let peakBytes: Int
    /// Kept for later tensors.
    public let cachedBytes: Int
    /// Since the process began, those from kept memory included.
    public let allocations: Int
    /// Those allocations that the kept memory could not serve.
    public let systemAllocations: Int
  }

  /// The memory of tensors right now.
  public static func memory() throws -> Memory {
    var raw = GroveMemory()
    try table().pointee.memory(&raw)
    return Memory(
      liveTensors: Int(raw.liveTensors), liveBytes: Int(raw.liveBytes), peakBytes: Int(raw.peakBytes),
      cachedBytes: Int(raw.cachedBytes), allocations: Int(raw.allocationCount),
      systemAllocations: Int(raw.systemAllocationCount))
  }

  /// `peakBytes` counts from what is held now.
  public static func resetPeak() throws { try table().pointee.reset_peak() }

  // MARK: Inside the target

  /// Loads at the first call; later calls cost a check.
  static func table() throws -> UnsafePointer<GroveTorch> { try loaded.get().table }

  static func check(_ operation: @autoclosure () -> String, _ status: GroveStatus) throws {
    if status.code == GROVE_OK { return }
    let problem = status.message.map { String(cString: $0) } ?? "failed without a message"
    try table().pointee.release_message(status.message)
    throw TorchError(status.code == GROVE_OUT_OF_MEMORY ? .outOfMemory : .refused, operation(), problem)
  }

  /// The table for what only ever runs when a tensor exists, which is after loading.
  // Safety: the table is written once, before anyone sees it.
  nonisolated(unsafe) static let loadedTable: UnsafePointer<GroveTorch> = {
    guard case .success(let table) = loaded else { fatalError("a tensor is used before libtorch is loaded") }
    return table.table
  }()

  private struct Table: @unchecked Sendable {  // Safety: the table is written once, before anyone sees it.
    let table: UnsafePointer<GroveTorch>
  }

  private static let loaded: Result<Table, any Error> = Result {
    guard let folder = libtorchFolder else {
      throw TorchError(
        .unavailable, "",
        "libtorch is not there. Run 'make' in Grove's folder, or set GROVE_LIBTORCH to a folder with lib/ and include/."
      )
    }
    guard let bridge = bridgeFile() else {
      throw TorchError(
        .unavailable, "",
        "\(bridgeName) is not beside the executable. Run 'swift build', or set GROVE_BRIDGE to the file.")
    }
    var message: UnsafeMutablePointer<CChar>?
    guard let table = grove_torch_load(folder.path, bridge.path, &message) else {
      defer { free(message) }
      let problem = message.map { String(cString: $0) } ?? "cannot be loaded"
      throw TorchError(
        .unavailable, "libtorch",
        "\(problem). Run 'make setup' in Grove's folder, or set GROVE_LIBTORCH to a folder with lib/ and include/.")
    }
    return Table(table: table)
  }

  #if os(macOS)
    private static let bridgeName = "libTorchBridge.dylib"
  #else
    private static let bridgeName = "libTorchBridge.so"
  #endif

  private static func bridgeFile() -> URL? {
    if let path = ProcessInfo.processInfo.environment["GROVE_BRIDGE"] { return URL(filePath: path) }
    return folders(above: executable).map { $0.appending(path: bridgeName) }.first { FileSystem.exists($0) }
  }

  private static let executable: URL = {
    let path =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(filePath: path).resolvingSymlinksInPath()
  }()

  private static func folders(above file: URL) -> [URL] {
    var folder = file.deletingLastPathComponent()
    var found = [folder]
    while folder.path != "/", found.count < 12 {
      folder = folder.deletingLastPathComponent()
      found.append(folder)
    }
    return found
  }
}
