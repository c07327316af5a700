import Foundation
import GroveCore
import GroveTesting
import Testing

/// The bounded form of `scripts/fuzz`: the kept corpus of every parser, and mutations of it, the same ones in every run.
@Suite("Parsers of foreign files")
struct FuzzTests {
  private static let seed: UInt64 = 5
  /// Mutations of a parser, spread over its corpus.
  private static let mutations = 3_000

  @Test("Nothing in the kept corpus or close to it crashes a parser or keeps it busy", arguments: FuzzTarget.allCases)
  func mutated(target: FuzzTarget) throws {
    let corpus = try FileSystem.entries(of: Fixtures.url("fuzz/\(target.rawValue)"))
    #expect(!corpus.isEmpty)
    try Fixtures.withTemporaryFolder { folder in
      for file in corpus {
        let bytes = [UInt8](try FileSystem.read(file))
        try expectQuick(target, bytes, folder, file.lastPathComponent)
        let value = target.isJSON ? try? JSONValue(parsing: bytes, at: "") : nil
        var random = RandomKey(seed: Self.seed).split(file.lastPathComponent).generator()
        for round in 0..<Self.mutations / corpus.count {
          var changed = FuzzMutation.mutated(bytes, &random)
          if let value, round % 3 != 0 { changed = Array(FuzzMutation.mutated(value, &random).text.utf8) }
          try expectQuick(target, changed, folder, "\(file.lastPathComponent), mutation \(round)")
        }
      }
    }
  }

  private func expectQuick(_ target: FuzzTarget, _ bytes: [UInt8], _ folder: URL, _ name: String) throws {
    let start = ContinuousClock.now
    try target.run(bytes, in: folder)
    #expect(ContinuousClock.now - start < .seconds(5), "\(name)")  // room for a machine with other work
  }

  @Test("A mutation of a value is another value of the same seed, and the same of the same seed")
  func mutations() {
    let value: JSONValue = ["a": [1, "x", ["b": nil]], "c": true]
    func mutations(_ seed: UInt64) -> [JSONValue] {
      var random = RandomKey(seed: seed).generator()
      return (0..<50).map { _ in FuzzMutation.mutated(value, &random) }
    }
    #expect(mutations(1) == mutations(1))
    #expect(mutations(1) != mutations(2))
    #expect(mutations(1).filter { $0 != value }.count > 40)
  }
}
