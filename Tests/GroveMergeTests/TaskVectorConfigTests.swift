import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Merges made in code")
struct TaskVectorConfigTests {
  private static let (base, a, b) = (
    MergeFixture.model("llama-base"), MergeFixture.model("llama-a"), MergeFixture.model("llama-b")
  )
  private static let name = "model.layers.0.mlp.up_proj.weight"

  private static func tensor(_ config: MergeConfig, names: [String: String] = [:]) throws -> [Float] {
    try ModelMerge(MergePlan(config), random: RandomKey(seed: 3), names: names).tensor(name).values(as: Float.self)
  }

  private static func stored(_ model: String) throws -> [Float] {
    try ModelFolder.weights(URL(filePath: model)).tensor(name).cast(to: .float32).values(as: Float.self)
  }

  @Test("Two task vectors of weight 1 give B' + (I − B)")
  func residual() throws {
    let merged = try Self.tensor(.taskVectors(of: [Self.a, Self.b], on: Self.base, weights: [1, 1]))
    let (base, a, b) = (try Self.stored(Self.base), try Self.stored(Self.a), try Self.stored(Self.b))
    for index in merged.indices { #expect(abs(merged[index] - (a[index] + b[index] - base[index])) < 2e-6) }
  }

  @Test("A drop rate of 0 drops nothing; what is left of a task vector is divided by 1 − p, or not")
  func dropping() throws {
    func deltas(_ rate: Double, _ rescaling: Rescaling) throws -> [Float] {
      let config = MergeConfig.dropAndRescale(
        of: [Self.a], on: Self.base, weights: [1], dropRate: rate, rescaling: rescaling)
      return zip(try Self.tensor(config), try Self.stored(Self.base)).map { $0 - $1 }
    }
    let whole = try deltas(0, .density)
    let (plain, rescaled) = (try deltas(0.75, .none), try deltas(0.75, .density))
    #expect(
      zip(whole, zip(try Self.stored(Self.a), try Self.stored(Self.base))).allSatisfy { abs($0 - ($1.0 - $1.1)) < 1e-6 }
    )
    #expect(zip(plain, rescaled).allSatisfy { abs(4 * $0 - $1) < 1e-5 })
    let left = Double(plain.count { $0 != 0 }) / Double(plain.count)
    #expect(abs(left - 0.25) < 0.1)
    for index in whole.indices where plain[index] != 0 { #expect(abs(plain[index] - whole[index]) < 1e-6) }
  }

  @Test("Draws go by the name that is given, not by where a folder lies")
  func names() throws {
    try Fixtures.withTemporaryFolder { folder in
      let copy = folder.appending(path: "elsewhere")
      try FileManager.default.copyItem(at: URL(filePath: Self.a), to: copy)
      func merged(_ model: String, _ names: [String: String]) throws -> [Float] {
        try Self.tensor(.dropAndRescale(of: [model], on: Self.base, weights: [1], dropRate: 0.5), names: names)
      }
      let here = try merged(Self.a, [Self.a: "tuned"])
      #expect(try merged(copy.path, [copy.path: "tuned"]) == here)
      #expect(try merged(Self.a, [:]) != here)
    }
  }
}
