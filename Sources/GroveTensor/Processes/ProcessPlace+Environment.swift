import GroveCore

extension ProcessPlace {
  /// The place that the variables of torchrun, mpirun (Open MPI, and those with Hydra) or Slurm's srun name.
  ///
  /// Where several launchers have left theirs, the first of this order counts: what is started last is usually torchrun
  /// in a step of Slurm. `MASTER_ADDR` and `MASTER_PORT` say where the processes meet; torchrun sets them, and the others
  /// need `MASTER_ADDR` only for what they do not tell: mpirun with several hosts. `GLOO_SOCKET_IFNAME` names a network.
  /// - Returns: nil if there is no launcher, or only one process.
  /// - Throws: `GroveError` with the variable that is missing, not a number or contradicts another.
  public static func named(by environment: [String: String]) throws -> ProcessPlace? {
    let variables = environment.filter { !$0.value.isEmpty }
    guard let launcher = Launcher.all.first(where: { $0.hasStarted(variables) }) else { return nil }
    let reader = VariableReader(variables: variables, launcher: launcher.name)
    let size = try reader.required(launcher.size, beside: launcher.rank)
    guard size >= 1 else { throw reader.refusal(launcher.size, "\(size) is not a number of processes") }
    let rank = try reader.required(launcher.rank, beside: launcher.size)
    try reader.require(rank, launcher.rank, below: size, launcher.size)
    let localSize = try launcher.localSize(reader)
    let localRank = try reader.number(launcher.localRank) ?? 0
    if let localSize {
      try reader.require(localRank, launcher.localRank, below: localSize, launcher.localSizes[0])
      guard localSize <= size else {
        throw reader.refusal(launcher.localSizes[0], "\(localSize) is more than \(launcher.size), \(size)")
      }
    }
    if size == 1 { return nil }
    let host = try variables["MASTER_ADDR"] ?? launcher.host(reader, isOneHost: localSize == size)
    return ProcessPlace(
      rank: rank, size: size, localRank: localRank, localSize: localSize ?? 1, host: host,
      port: try port(launcher, reader), interface: variables["GLOO_SOCKET_IFNAME"])
  }

  private static func port(_ launcher: Launcher, _ reader: VariableReader) throws -> Int {
    guard let port = try reader.number("MASTER_PORT") ?? launcher.port(reader) else {
      throw reader.refusal("MASTER_PORT", "is not set", remedy: "Give the port where process 0 shall listen.")
    }
    guard (1...65535).contains(port) else { throw reader.refusal("MASTER_PORT", "\(port) is outside 1...65535") }
    return port
  }
}

/// The names that a launcher uses.
private enum Launcher: CaseIterable {
  case torchrun, openMPI, hydra, slurm

  static var all: [Launcher] { allCases }

  var name: String {
    switch self {
    case .torchrun: "torchrun"
    case .openMPI, .hydra: "mpirun"
    case .slurm: "srun"
    }
  }

  var rank: String {
    switch self {
    case .torchrun: "RANK"
    case .openMPI: "OMPI_COMM_WORLD_RANK"
    case .hydra: "PMI_RANK"
    case .slurm: "SLURM_PROCID"
    }
  }

  var size: String {
    switch self {
    case .torchrun: "WORLD_SIZE"
    case .openMPI: "OMPI_COMM_WORLD_SIZE"
    case .hydra: "PMI_SIZE"
    case .slurm: "SLURM_NTASKS"
    }
  }

  var localRank: String {
    switch self {
    case .torchrun: "LOCAL_RANK"
    case .openMPI: "OMPI_COMM_WORLD_LOCAL_RANK"
    case .hydra: "MPI_LOCALRANKID"
    case .slurm: "SLURM_LOCALID"
    }
  }

  var localSizes: [String] {
    switch self {
    case .torchrun: ["LOCAL_WORLD_SIZE"]
    case .openMPI: ["OMPI_COMM_WORLD_LOCAL_SIZE"]
    case .hydra: ["MPI_LOCALNRANKS"]
    case .slurm: ["SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"]
    }
  }

  /// Slurm describes the whole job to a batch script too, which is one process: only srun starts several.
  func hasStarted(_ variables: [String: String]) -> Bool {
    guard variables[rank] != nil || variables[size] != nil else { return false }
    let ofAStep = ["SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_LAUNCH_NODE_IPADDR"]
    return self != .slurm || ofAStep.contains { variables[$0] != nil }
  }

  func localSize(_ reader: VariableReader) throws -> Int? {
    guard self == .slurm else { return try reader.number(localSizes[0]) }
    guard let name = localSizes.first(where: { reader.variables[$0] != nil }) else { return nil }
    let counts = try slurmCounts(reader, name)
    let node = try reader.number("SLURM_NODEID") ?? 0
    return counts.indices.contains(node) ? counts[node] : nil
  }

  /// "2(x3),1" is 2, 2, 2, 1.
  private func slurmCounts(_ reader: VariableReader, _ name: String) throws -> [Int] {
    try (reader.variables[name] ?? "").split(separator: ",").flatMap { part in
      let parts = part.split(separator: "(")
      let times = parts.count == 2 ? Int(parts[1].dropFirst().dropLast()) : 1
      guard let count = parts.first.flatMap({ Int($0) }), let times, (1...100_000).contains(times) else {
        throw reader.refusal(name, "'\(part)' is not a number of tasks")
      }
      return Array(repeating: count, count: times)
    }
  }

  func host(_ reader: VariableReader, isOneHost: Bool) throws -> String {
    if isOneHost, self != .torchrun { return "127.0.0.1" }
    if self == .slurm {
      if let list = reader.variables["SLURM_STEP_NODELIST"] ?? reader.variables["SLURM_JOB_NODELIST"] {
        return firstNode(list)
      }
      if let address = reader.variables["SLURM_LAUNCH_NODE_IPADDR"] { return address }
    }
    throw reader.refusal("MASTER_ADDR", "is not set", remedy: "Give the name or address of the host of process 0.")
  }

  /// "node[01-04,07],big" begins with node01.
  private func firstNode(_ list: String) -> String {
    guard let open = list.firstIndex(of: "["), !list[..<open].contains(",") else {
      return String(list.prefix { $0 != "," })
    }
    return String(list[..<open]) + String(list[list.index(after: open)...].prefix { $0.isNumber })
  }

  /// Where nobody named one. Two jobs of Slurm may share a host.
  func port(_ reader: VariableReader) throws -> Int? {
    switch self {
    case .torchrun: nil
    case .openMPI, .hydra: 29500
    case .slurm: 20000 + (try reader.number("SLURM_JOB_ID") ?? 0) % 20000
    }
  }
}

private struct VariableReader {
  let variables: [String: String]
  let launcher: String

  func number(_ name: String) throws -> Int? {
    guard let text = variables[name] else { return nil }
    guard let number = Int(text), number >= 0 else { throw refusal(name, "'\(text)' is not a number") }
    return number
  }

  func required(_ name: String, beside other: String) throws -> Int {
    if let number = try number(name) { return number }
    throw refusal(
      name, "is not set, but \(other) is", remedy: "Start the processes with \(launcher), or unset \(other).")
  }

  func require(_ value: Int, _ name: String, below limit: Int, _ limitName: String) throws {
    if value >= limit { throw refusal(name, "\(value) is not below \(limitName), \(limit)") }
  }

  func refusal(_ name: String, _ problem: String, remedy: String = "") -> GroveError {
    GroveError(.argument, name, problem, remedy: remedy)
  }
}
