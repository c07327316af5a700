import Foundation
import GroveCore
import GroveTrain
import Testing

@Suite("Judging a run")
struct ValidationTests {
  private func validations(_ run: TinyRun, _ name: String) throws -> [ValidationRecord] {
    try run.train(name)
    return try RunMetrics(run.at(name)).validations
  }

  @Test("A run is judged on the domains that its config names, whatever it reads")
  func otherDomains() throws {
    try TinyRun.with { run in
      run.config.data.domains = ["ants"]
      let own = try validations(run, "own")
      run.config.validation.domains = ["bees", "ants"]
      let both = try validations(run, "both")
      #expect(own.map { $0.domains.keys.sorted() } == [["ants"], ["ants"], ["ants"]])
      #expect(both.map { $0.domains.keys.sorted() } == Array(repeating: ["ants", "bees"], count: 3))
      #expect(both.map { $0.domains["ants"] } == own.map { $0.domains["ants"] }, "what judges does not change the run")
      let (first, second) = (try run.ending("own"), try run.ending("both"))
      #expect(first[0] == second[0])
    }
  }

  @Test("Logarithmic validations are those of the powers of two, beside the regular ones and the end")
  func logarithmic() throws {
    try TinyRun.with { run in
      run.config.validation.logarithmic = true
      let both = try validations(run, "both")
      #expect(both.map(\.step) == [1, 2, 4, 5, 8, 10, 12])
      run.config.validation.everySteps = 0
      let logarithmic = try validations(run, "logarithmic")
      #expect(logarithmic.map(\.step) == [1, 2, 4, 8, 12])
      let config = run.config.validation
      #expect((0...2000).filter { config.isDue(after: $0) } == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    }
  }

  @Test("A domain that has no held-out documents cannot judge, and is named")
  func unknownDomain() throws {
    try TinyRun.with { run in
      run.config.validation.domains = ["ants", "wasps"]
      let message = run.message { try run.train("run") }
      #expect(
        message
          == "DIR/shards: there is no validation shard of the domain 'wasps'. There are: ants, bees.")
    }
  }
}
