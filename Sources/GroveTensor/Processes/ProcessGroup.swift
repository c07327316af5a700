internal import CTorch
public import GroveCore

/// Processes that train together. All make the same calls in the same order; each waits for the others in them.
///
/// The engine is Gloo, as libtorch holds it: sums and copies of tensors on the CPU. Twice a second each process tells
/// that it is alive, so that one that is lost ends the others within ten seconds, with an error that names it.
///
/// A process that is alone has a group too, in which every call is the identity and costs nothing.
public final class ProcessGroup {
  /// Number of this process, from 0.
  public let rank: Int
  /// Processes of all hosts together.
  public let size: Int
  /// Processes of this host, which share its cores.
  public let localSize: Int
  private var handle: GroveProcessGroupHandle?

  /// A process without others.
  public init() { (rank, size, localSize) = (0, 1, 1) }

  /// Meets the others.
  /// - Parameter joinTimeout: how long to wait for them.
  /// - Throws: `GroveError` if one does not come, or there is nobody at the meeting place.
  public init(_ place: ProcessPlace, joinTimeout: Duration = .seconds(60)) throws {
    (rank, size, localSize) = (place.rank, place.size, place.localSize)
    var raw = GroveProcessPlace()
    raw.rank = Int32(place.rank)
    raw.size = Int32(place.size)
    raw.port = Int32(place.port)
    raw.joinSeconds = joinTimeout.seconds
    raw.silenceSeconds = 6
    try place.host.withCString { host in
      raw.host = host
      try (place.interface ?? "").withCString { interface in
        raw.interface = place.interface == nil ? nil : interface
        try check("meet the other processes") { $0.join_processes(&raw, &handle) }
      }
    }
  }

  /// Meets the others if there are any, runs `body`, and parts from them: in peace, or with the reason of what it throws.
  /// - Parameters:
  ///   - place: nil for a process that is alone.
  ///   - joinTimeout: how long to wait for the others to come.
  public static func with<Result>(
    _ place: ProcessPlace?, joinTimeout: Duration = .seconds(60), _ body: (ProcessGroup) throws -> Result
  ) throws -> Result {
    let group = try place.map { try ProcessGroup($0, joinTimeout: joinTimeout) } ?? ProcessGroup()
    do {
      let result = try body(group)
      try group.leave()
      return result
    } catch {
      group.abandon(because: error)
      throw error
    }
  }

  /// Whether this is the process that writes and tells.
  public var isFirst: Bool { rank == 0 }

  /// Seconds that this process has spent waiting for the others and for data that moves between them. What moves
  /// while it computes does not count.
  public var waitedSeconds: Double { handle.map { Torch.loadedTable.pointee.waited_seconds($0) } ?? 0 }

  /// Adds up each number over the processes; all get the same bits.
  public func sum(_ values: [Double]) throws -> [Double] {
    guard handle != nil, !values.isEmpty else { return values }
    let tensor = try Tensor(values, [values.count])
    try sum(tensor)
    return try tensor.values()
  }

  /// Whether it is so in any process.
  public func isAny(_ flag: Bool) throws -> Bool { try sum([flag ? 1 : 0])[0] > 0 }

  /// Adds up a tensor over the processes, in place.
  public func sum(_ tensor: Tensor) throws {
    guard let handle else { return }
    try check("sum(\(tensor))") { $0.sum_over_processes(handle, tensor.handle) }
  }

  /// Replaces each tensor in every process by that of its root, in place; all of them at once.
  public func broadcast(_ tensors: [(tensor: Tensor, root: Int)]) throws {
    guard let handle, !tensors.isEmpty else { return }
    let handles = tensors.map { Optional($0.tensor.handle) }
    let roots = tensors.map { Int32($0.root) }
    try withExtendedLifetime(tensors) {
      try check("broadcast of \(handles.count) tensors") { $0.broadcast(handle, handles, roots, Int32(handles.count)) }
    }
  }

  /// What the first process says, in every process.
  public func fromFirst(_ text: @autoclosure () throws -> String) throws -> String {
    guard handle != nil else { return try text() }
    let bytes = isFirst ? Array(try text().utf8).map(Int64.init) : []
    let count = Int(try sum([Double(bytes.count)])[0])
    let tensor = try isFirst ? Tensor(bytes, [count]) : Tensor.zeros([count], .int64)
    if count > 0 { try broadcast([(tensor, 0)]) }
    return String(decoding: try tensor.values(as: Int64.self).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  }

  /// Parts from the others, after all have come to this call.
  public func leave() throws {
    guard let handle else { return }
    try check("leave the other processes") { $0.leave_processes(handle) }
    self.handle = nil
  }

  /// Tells the others why this process gives up, so that they end with its reason. To be called when an error ends a
  /// process before `leave`; waits up to two seconds until the others know.
  public func abandon(because reason: any Error) {
    guard let handle else { return }
    Torch.loadedTable.pointee.abandon_processes(handle, "\(reason)")
    self.handle = nil
  }

  func check(_ operation: @autoclosure () -> String, _ call: (GroveTorch) -> GroveStatus) throws {
    let table = try Torch.table()
    let status = call(table.pointee)
    guard status.code == GROVE_PEERS else { return try Torch.check(operation(), status) }
    var problem = status.message.map { String(cString: $0) } ?? "a process was lost"
    table.pointee.release_message(status.message)
    if problem.hasSuffix(".") { problem.removeLast() }  // of the remedy of an error that another process had
    throw GroveError(.process, "", problem, remedy: "Start all processes again.")
  }

  func requireHandle() throws -> GroveProcessGroupHandle {
    guard let handle else { throw GroveError(.process, "", "this process has left the others") }
    return handle
  }
}

extension GroveError.Code {
  /// Another process of the group was lost, gave up or did not come.
  public static let process = GroveError.Code(rawValue: "process")
}
