/// The place of this process among those that train together, and where they meet.
public struct ProcessPlace: Equatable, Sendable {
  /// Number of this process, from 0.
  public var rank: Int
  /// Processes of all hosts together.
  public var size: Int
  /// Number among the processes of this host, from 0.
  public var localRank: Int
  /// Processes of this host, which share its cores.
  public var localSize: Int
  /// Name or address of the host of process 0.
  public var host: String
  /// Where process 0 listens.
  public var port: Int
  /// The network that connects the processes, as "eth0"; nil takes the one that leads to `host`.
  public var interface: String?

  public init(
    rank: Int, size: Int, localRank: Int, localSize: Int, host: String, port: Int, interface: String? = nil
  ) {
    self.rank = rank
    self.size = size
    self.localRank = localRank
    self.localSize = localSize
    self.host = host
    self.port = port
    self.interface = interface
  }

  /// What a launcher of processes on this host sets for one of them, by the names that torchrun uses.
  public var environment: [String: String] {
    [
      "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "LOCAL_RANK": "\(localRank)", "LOCAL_WORLD_SIZE": "\(localSize)",
      "MASTER_ADDR": host, "MASTER_PORT": "\(port)",
    ]
  }
}
