import Foundation
import GroveCore
import GroveMerge
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("Fisher information")
struct FisherTests {
  private typealias Example = FisherInformation.Example

  private static let examples = [
    Example(tokens: [3, 9, 27, 17], targets: [9, 27, 17, 51]),
    Example(tokens: [5, 6, 7], targets: [Int64(ignoredTarget), 7, 8]),
  ]
  private static let gain = "model.norm.weight"

  private static func values(_ folder: URL, _ name: String) throws -> [Float] {
    try ModelFolder.weights(folder).tensor(name).values(as: Float.self)
  }

  private static func model(_ seed: UInt64, in folder: URL) throws -> URL {
    let place = folder.appending(path: "model-\(seed)")
    try FileSystem.makeFolder(place)
    try ModelFolder.save(TinyModel.llama(seed: seed), endOfText: 0, to: place)
    return place
  }

  private static func information(of model: URL, _ examples: [Example], _ name: String) throws -> URL {
    let target = model.deletingLastPathComponent().appending(path: name)
    try FisherInformation.write(of: model, examples: examples, to: target, device: .cpu) { _ in }
    return target
  }

  @Test("By hand: each element leans to the model that is surer of it; without information the mean is left")
  func byHand() throws {
    let inputs = MergeInputs([try Tensor([Float(1), 1, 1], [3]), try Tensor([Float(5), 5, 5], [3])], base: nil)
    let sure = [try Tensor([Float(3), 0, 0], [3]), try Tensor([Float(1), 2, 0], [3])]
    let merged = try FisherMerge(weights: [1, 1], floor: 1e-8).merge(inputs) { sure[$0] }.values(as: Float.self)
    #expect(abs(merged[0] - 2) < 1e-6 && abs(merged[1] - 5) < 1e-6 && abs(merged[2] - 3) < 1e-6)
    let weighted = try FisherMerge(weights: [1, 3], floor: 1).merge(inputs) { _ in try Tensor.zeros([3], .float32) }
    #expect(try weighted.values(as: Float.self).allSatisfy { abs($0 - 4) < 1e-6 })
  }

  @Test("The information of several examples is the mean of theirs, and none is negative")
  func mean() throws {
    try Fixtures.withTemporaryFolder { folder in
      let model = try Self.model(1, in: folder)
      let both = try Self.values(Self.information(of: model, Self.examples, "both"), Self.gain)
      let each = try Self.examples.enumerated().map {
        try Self.values(Self.information(of: model, [$1], "each-\($0)"), Self.gain)
      }
      #expect(both.contains { $0 > 0 } && both.allSatisfy { $0 >= 0 })
      for index in both.indices {
        #expect(abs(both[index] - (each[0][index] + each[1][index]) / 2) <= 1e-5 * max(both[index], 1e-3))
      }
    }
  }

  @Test("The information is the squared slope of an example's log-likelihood, by finite differences")
  func slopes() throws {
    try Fixtures.withTemporaryFolder { folder in
      let place = try Self.model(1, in: folder)
      let example = Self.examples[0]
      let found = try Self.values(Self.information(of: place, [example], "information"), Self.gain)
      let model = try ModelFolder.load(place)
      try model.prepare(.float32, training: false, device: .cpu)
      let parameter = try #require(model.parameters().first { $0.name == Self.gain }?.parameter)
      let gains = try parameter.value.values(as: Float.self)
      func likelihood(_ index: Int, _ step: Float) throws -> Double {
        var moved = gains
        moved[index] += step
        parameter.set(try Tensor(moved, [moved.count]))
        let shape = [1, example.tokens.count]
        let losses = try model.tokenLosses(Tensor(example.tokens, shape), targets: Tensor(example.targets, shape))
        return try losses.values(as: Float.self).reduce(0) { $0 - Double($1) }
      }
      for index in [0, 7, 20] {
        let slope = (try likelihood(index, 0.01) - likelihood(index, -0.01)) / 0.02
        #expect(abs(Double(found[index]) - slope * slope) < 0.02 * max(slope * slope, 0.01), "\(index)")
      }
    }
  }

  @Test("A folder merged by information is a model; equal information gives the average")
  func folders() throws {
    try Fixtures.withTemporaryFolder { folder in
      let models = try [1, 2].map { try Self.model($0, in: folder) }
      let same = try Self.information(of: models[0], Self.examples, "information")
      let copy = folder.appending(path: "copy")
      try FileManager.default.copyItem(at: same, to: copy)
      let out = folder.appending(path: "out")
      try FisherModelMerge(models: models.map(\.path), information: [same.path, copy.path], weights: [1, 1]).write(
        to: out)
      _ = try ModelFolder.load(out)
      let (a, b) = (try Self.values(models[0], Self.gain), try Self.values(models[1], Self.gain))
      let merged = try Self.values(out, Self.gain)
      for index in merged.indices { #expect(abs(merged[index] - (a[index] + b[index]) / 2) < 1e-6) }
    }
  }

  @Test("What does not fit together is refused in words")
  func refusals() throws {
    try Fixtures.withTemporaryFolder { folder in
      let model = try Self.model(1, in: folder).path
      func words(_ call: () throws -> Void) -> String {
        do { try call() } catch { return "\(error)" }
        return "nothing was thrown"
      }
      #expect(
        words { _ = try FisherModelMerge(models: [model], information: [], weights: [1]) }
          == "models: 1 models, 0 folders of information, 1 weights. Give one of each for every model.")
      #expect(
        words { _ = try FisherModelMerge(models: [model], information: [model], weights: [0]) }
          == "weights: 0.0 is not positive. Leave the model out.")
      #expect(
        words { _ = try FisherModelMerge(models: [model, model], information: [model, model], weights: [1, 1]) }
          == "models: \(model) stands here twice. Give it once, with the sum of its weights.")
      #expect(
        words {
          try FisherInformation.write(
            of: URL(filePath: model), examples: [], to: folder.appending(path: "none"), device: .cpu
          ) { _ in }
        } == "examples: there is none to learn from")
    }
  }
}
