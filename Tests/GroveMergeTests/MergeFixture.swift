import Foundation
import GroveCore
import GroveMerge
import GroveTensor
import GroveTesting

/// The checkpoints and merges that mergekit made; see `make_merge_fixtures.py`.
enum MergeFixture {
  static let folder = Fixtures.url("merge")

  static func model(_ name: String) -> String { folder.appending(path: "models/\(name)").path }

  /// The config of a case, with its models where they lie.
  static func config(_ name: String) throws -> MergeConfig {
    let file = folder.appending(path: "cases/\(name).yaml")
    return try config(yaml: String(decoding: FileSystem.read(file), as: UTF8.self), at: name)
  }

  /// A config whose text names models as "models/NAME".
  static func config(yaml: String, at place: String = "merge.yaml", set overrides: String...) throws -> MergeConfig {
    let local = yaml.replacing("models/", with: "\(folder.path)/models/")
    return try MergeConfig.load(yaml: local, at: place, overrides: overrides)
  }

  /// What mergekit says about each case.
  static func expected() throws -> JSONValue { try JSONValue(contentsOf: folder.appending(path: "expected.json")) }
}

extension MergeInputs {
  /// Tensors that are there already; models are called "0", "1", ….
  init(_ tensors: [Tensor], base: Int?, name: String = "weight", names: [String]? = nil, seed: UInt64 = 1) {
    self.init(
      name: name, models: names ?? tensors.indices.map { "\($0)" }, base: base, random: RandomKey(seed: seed)
    ) { tensors[$0] }
  }
}
