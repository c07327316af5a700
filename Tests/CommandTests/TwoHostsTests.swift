import Foundation
import GroveCore
import GroveTensor
import GroveTesting
import Testing

/// Two network namespaces joined by a cable: what two hosts see of each other, on one machine.
private struct TwoHosts {
  static let addresses = ["10.213.7.1", "10.213.7.2"]
  let names: [String]

  /// Whether this user may make network namespaces.
  static let areAllowed: Bool = {
    guard let ip else { return false }
    let name = "grove-\(getpid())-try"
    defer { _ = run([ip, "netns", "del", name]) }
    return run([ip, "netns", "add", name])
  }()
  static let ip = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Makes the two hosts for `body`, and removes them.
  static func with<Result>(_ body: (TwoHosts) throws -> Result) throws -> Result {
    let hosts = TwoHosts(names: (0..<2).map { "grove-\(getpid())-\($0)" })
    defer { for name in hosts.names { ip("netns del \(name)") } }
    for name in hosts.names { #expect(ip("netns add \(name)")) }
    #expect(ip("link add grove0 netns \(hosts.names[0]) type veth peer name grove0 netns \(hosts.names[1])"))
    for (name, address) in zip(hosts.names, addresses) {
      #expect(ip("-n \(name) addr add \(address)/24 dev grove0"))
      #expect(ip("-n \(name) link set grove0 up"))
      #expect(ip("-n \(name) link set lo up"))
    }
    return try body(hosts)
  }

  /// What runs a command on a host.
  func wrapper(_ host: Int) -> [String] { [TwoHosts.ip ?? "ip", "netns", "exec", names[host]] }

  /// Takes the cable out.
  func disconnect() { #expect(TwoHosts.ip("-n \(names[1]) link set grove0 down")) }

  @discardableResult
  private static func ip(_ arguments: String) -> Bool {
    run([ip ?? "ip"] + arguments.split(separator: " ").map(String.init))
  }

  private static func run(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}

@Suite(
  "Processes on two hosts", .serialized,
  .enabled(if: TwoHosts.areAllowed, "needs root and iproute2: 'ip netns add' does not work here"))
struct TwoHostsTests {
  private func start(
    _ tool: GroveTool, _ hosts: TwoHosts, _ arguments: [String]
  ) throws -> [GroveTool.Running] {
    try (0..<2).map { rank in
      let place = ProcessPlace(
        rank: rank, size: 2, localRank: 0, localSize: 1, host: TwoHosts.addresses[0], port: 29500)
      return try tool.start(arguments, environment: place.environment, wrapper: hosts.wrapper(rank))
    }
  }

  @Test("They have the losses of one process to 1e-5")
  func sameLosses() throws {
    try TwoHosts.with { hosts in
      try GroveTool.with { tool in
        let training = try TinyTraining(tool)
        #expect(try tool(training.arguments("one")).code == 0)
        for result in try start(tool, hosts, training.arguments("two")).map({ try $0.result() }) {
          #expect(result.code == 0, "\(result.errors)")
        }
        let losses = try ["one", "two"].map {
          try training.log($0, kind: "step").compactMap { $0["lossNats"]?.numberValue }
        }
        #expect(losses[0].count == 60 && losses[1].count == 60)
        #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 1e-5 })
      }
    }
  }

  @Test("A cable that comes out ends both within 10 s, each naming the other")
  func disconnected() throws {
    try TwoHosts.with { hosts in
      try GroveTool.with { tool in
        let training = try TinyTraining(tool)
        let processes = try start(
          tool, hosts, training.arguments("run", "--quiet", "--set", "training.steps=100000"))
        #expect(try processes[0].waits { try training.loggedSteps("run").count > 2 })
        let cut = ContinuousClock.now
        hosts.disconnect()
        let results = try processes.map { try $0.result() }
        #expect(ContinuousClock.now - cut < .seconds(10))
        for (rank, result) in results.enumerated() {
          #expect(result.code == 1)
          #expect(result.errors.hasPrefix("Error: process \(1 - rank) (pid "), "\(result.errors)")
        }
      }
    }
  }
}
