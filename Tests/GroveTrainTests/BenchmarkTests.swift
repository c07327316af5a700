import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("Benchmark results")
struct BenchmarkTests {
  @Test("Ratios are taken pair by pair, so a machine that slows down for both changes nothing")
  func ratios() throws {
    let rounds = BenchmarkRounds(contestants: ["ours", "peer"], costs: [[1, 2, 10], [2, 3, 20]])
    #expect(rounds.ratios(1) == [2, 1.5, 2])
    let ratio = try rounds.ratio(1)
    #expect([ratio.lower, ratio.median, ratio.upper] == [1.5, 2, 2])
  }

  @Test("The spread of 0…10 is 1, 5, 9")
  func spread() throws {
    let spread = try Spread((0...10).map(Double.init))
    #expect([spread.lower, spread.median, spread.upper] == [1, 5, 9])
  }

  static let base = TrainingMeasurement(
    engine: "grove", precision: .float32, parameters: 10, threads: 2, stepSeconds: [0.1, 0.3, 0.2],
    losses: [4, 2], ceilingGigaflops: 100, peakResidentBytes: 1)

  static func peer(_ change: (inout TrainingMeasurement) -> Void) -> TrainingMeasurement {
    var peer = base
    peer.engine = "torch"
    change(&peer)
    return peer
  }

  @Test("A peer with the same work is accepted, with losses as far apart as the precision allows")
  func sameWork() throws {
    try Self.base.requireSameWork(as: Self.peer { $0.losses = [4.0003, 2.0001] })
    var half = Self.base
    half.precision = .bfloat16
    try half.requireSameWork(as: Self.peer { $0.losses = [4.07, 1.97] })
  }

  @Test("Another result is no result: the message names what differs")
  func otherWork() {
    let cases: [(TrainingMeasurement, String)] = [
      (Self.peer { $0.parameters = 11 }, "torch: has 11 parameters, grove has 10"),
      (Self.peer { $0.threads = 1 }, "torch: ran on 1 threads, grove on 2"),
      (Self.peer { $0.losses = [4] }, "torch: trained 1 steps, grove 2"),
      (
        Self.peer { $0.losses = [4, 2.001] },
        "torch: the loss of step 2 is 2.001, that of grove is 2.0; in float32 they may differ by 0.0001 of their size"
      ),
      (
        Self.peer { $0.losses = [.nan, 2] },
        "torch: the loss of step 1 is nan, that of grove is 4.0; in float32 they may differ by 0.0001 of their size"
      ),
    ]
    for (peer, message) in cases {
      #expect { try Self.base.requireSameWork(as: peer) } throws: { "\($0)" == message }
    }
  }

  @Test("A tokenizer that gives other ids is no result")
  func otherTokens() throws {
    let ours = TokenizerBenchmark.Measurement(
      engine: "grove", seconds: [1], bytes: 9, tokens: 3, digest: String(repeating: "a", count: 64))
    var peer = ours
    peer.engine = "tiktoken"
    try ours.requireSameResult(as: peer)
    peer.digest = String(repeating: "b", count: 64)
    #expect { try ours.requireSameResult(as: peer) } throws: {
      "\($0)" == "tiktoken: gives other tokens than grove: 3 and 3, digests bbbbbbbbbbbb… and aaaaaaaaaaaa…"
    }
  }

  @Test("The named shapes have the size of their name", arguments: TrainingBenchmarkConfig.Shape.allCases)
  func shapes(shape: TrainingBenchmarkConfig.Shape) throws {
    let config = TrainingBenchmarkConfig(shape)
    try config.validated()
    let named = try #require(Double(shape.rawValue.dropLast())) * 1e6
    #expect(abs(Double(config.model.parameterCount) - named) < 0.06 * named)
  }

  @Test("The models that generate have the size of their name", arguments: DecodingBenchmarkConfig.Shape.allCases)
  func textShapes(shape: DecodingBenchmarkConfig.Shape) throws {
    let config = DecodingBenchmarkConfig(shape)
    try config.validated()
    let named = try #require(Double(shape.rawValue.dropLast())) * 1e6
    #expect(abs(Double(config.model.parameterCount) - named) < 0.02 * named)
  }

  @Test("A start that was written and read again trains to the same losses", arguments: ModelConfig.Family.allCases)
  func roundTrip(family: ModelConfig.Family) throws {
    var config = TrainingBenchmarkConfig()
    config.model = TinyModel.config(family)
    config.batchSize = 2
    (config.steps, config.warmupSteps) = (2, 1)
    try Fixtures.withTemporaryFolder { folder in
      let start = try BenchmarkStart(config)
      try start.write(to: folder)
      let read = try BenchmarkStart(folder: folder)
      let first = try TrainingBenchmark.run(config, from: start, device: .cpu)
      #expect(try TrainingBenchmark.run(config, from: read, device: .cpu).losses == first.losses)
      #expect(Set(first.losses).count == 3)
    }
  }

  @Test("A start with too few batches is refused")
  func tooFewBatches() throws {
    var config = TrainingBenchmarkConfig()
    config.model = TinyModel.config(.llama)
    (config.steps, config.warmupSteps) = (1, 0)
    let start = try BenchmarkStart(config)
    config.steps = 5
    #expect { try TrainingBenchmark.run(config, from: start, device: .cpu) } throws: {
      "\($0)"
        == "steps: 5 with the warm-up, but the start has batches for 1. Measure fewer steps, or write a longer start."
    }
  }

  @Test("A folder whose batches are of another type or outside the vocabulary is refused")
  func wrongBatches() throws {
    var config = TrainingBenchmarkConfig()
    config.model = TinyModel.config(.llama)
    try Fixtures.withTemporaryFolder { folder in
      try BenchmarkStart(config).write(to: folder)
      let file = folder.appending(path: "batches.safetensors")
      let cases: [(Tensor, String)] = [
        (try Tensor([1, 2, 3] as [Float], [1, 1, 3]), "has no tensor batches of int64 [steps, B, T + 1]"),
        (try Tensor([1, 2] as [Int64], [1, 2]), "has no tensor batches of int64 [steps, B, T + 1]"),
        (try Tensor([1, 64, 3] as [Int64], [1, 1, 3]), "the id 64 is outside 0..<64"),
      ]
      for (tensor, problem) in cases {
        try SafetensorsWriter.write([.init("batches", tensor)], to: file)
        #expect { _ = try BenchmarkStart(folder: folder) } throws: { "\($0)" == "\(file.path): \(problem)" }
      }
    }
  }

  @Test("A result file is named after the day and what was measured, and holds the table")
  func resultFile() throws {
    let report = BenchmarkReport(
      name: "a/b", command: "grove bench", columns: ["engine", "ms"], rows: [["grove", "1.0"]],
      measurements: ["x": 1])
    var machine = BenchmarkMachine(commit: "abc")
    (machine.date, machine.processor, machine.cores) = ("2026-01-31T12:00:00Z", "P", 2)
    (machine.memoryBytes, machine.system) = (8 << 30, "S")
    #expect(
      report.markdown(machine) == """
        **a/b**

        | engine | ms |
        | --- | ---: |
        | grove | 1.0 |

        `grove bench`, 2026-01-31T12:00:00Z, commit abc, P, 2 cores, 8 GiB, S
        """)
    try Fixtures.withTemporaryFolder { folder in
      let file = try report.write(to: folder, machine)
      #expect(file.lastPathComponent == "2026-01-31-a-b.json")
      #expect(try JSONValue(contentsOf: file)["rows"] == [["grove", "1.0"]])
    }
  }
}
