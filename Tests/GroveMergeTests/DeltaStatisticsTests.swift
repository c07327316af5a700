import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveReport
import GroveTensor
import GroveTesting
import Testing

@Suite("Statistics of task vectors")
struct DeltaStatisticsTests {
  /// A base of one matrix of zeros and ones, and models with the given task vectors.
  private static func with(_ deltas: [[Float]], _ body: (String, [String]) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { folder in
      let base: [Float] = [3, 0, 4, 0]
      func write(_ name: String, _ values: [Float]) throws -> String {
        let place = folder.appending(path: name)
        try FileSystem.makeFolder(place)
        try FileSystem.write("{}", to: place.appending(path: "config.json"))
        let norm = try Tensor([Float(1), 1], [2])
        let items = [
          SafetensorsWriter.Item("model.layers.0.mlp.up_proj.weight", try Tensor(values, [2, 2])),
          SafetensorsWriter.Item("model.norm.weight", norm),
        ]
        try ModelFolder.write(items, to: place, shardBytes: 1 << 20)
        return place.path
      }
      let names = try deltas.enumerated().map { index, delta in
        try write("m\(index)", zip(base, delta).map { $0 + $1 })
      }
      try body(try write("base", base), names)
    }
  }

  @Test("By hand: sizes, unchanged elements, ratios, cosines, conflicts")
  func byHand() throws {
    try Self.with([[1, 0, -2, 2], [2, 0, 0, -1]]) { base, models in
      let statistics = try DeltaStatistics(base: base, models: models) { _, _ in }
      let row = try #require(statistics.tensors.first)
      #expect(row.name == "model.layers.0.mlp.up_proj.weight")
      #expect(row.models[0].meanMagnitude == 1.25 && row.models[1].meanMagnitude == 0.75)
      #expect(row.models[0].largest == 2)
      #expect(row.models[0].sparsity == 0.25 && row.models[1].sparsity == 0.5)
      #expect(abs(row.models[0].normRatio - 3.0 / 5) < 1e-12)
      #expect(row.signConflicts == 0.25)
      #expect(abs(row.cosines[0][1] - 0 / (3 * 5.0.squareRoot())) < 1e-12)
      #expect(statistics.layers.map(\.name) == ["layer 0", "outside the layers"])
      #expect(statistics.kinds.map(\.name) == ["mlp.up_proj.weight", "model.norm.weight"])
      #expect(statistics.all.count == 6 && statistics.all.models[0].sparsity == 0.5)
    }
  }

  @Test("A model beside itself has the cosine 1 and no conflicts; beside its mirror −1 and conflicts everywhere")
  func mirror() throws {
    try Self.with([[1, 2, 3, 4], [2, 4, 6, 8], [-1, -2, -3, -4]]) { base, models in
      let row = try #require(try DeltaStatistics(base: base, models: models) { _, _ in }.tensors.first)
      #expect(abs(row.cosines[0][1] - 1) < 1e-9)
      #expect(abs(row.cosines[0][2] + 1) < 1e-9)
      #expect(row.signConflicts == 1)
    }
  }

  @Test("The page shows where models moved, and the JSON holds every number")
  func report() throws {
    let names = ["a", "b", "c"].map { MergeFixture.model("llama-\($0)") }
    let statistics = try DeltaStatistics(base: MergeFixture.model("llama-base"), models: names) { _, _ in }
    let page = statistics.report().html()
    for text in ["How far llama-a moved", "Sign conflicts", "Cosine between task vectors", "layer 2"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(statistics.json["tensors"]?.arrayValue?.count == 30)
    #expect(statistics.json["all"]?["elements"]?.integerValue == statistics.tensors.reduce(0) { $0 + $1.count })
    // Independent task vectors: half of the elements have both signs in two of three, three quarters at random.
    #expect(abs(statistics.all.signConflicts - 0.75) < 0.02)
  }
}
