import GroveCore
import GroveTensor

/// The tensors of a model under the names that a checkpoint has for them. Nothing is read.
struct LocatedTensors {
  /// In the order of the model's visit.
  let tensors: [(stored: StoredTensor, name: String)]
  /// Tensors that the checkpoint has a second time.
  private let twins: [(name: String, of: String)]

  /// - Throws: `GroveError` with code `.format` for a tensor that is missing, of another shape, or no float, and for one
  ///   that has no place in the model.
  init(of model: some Module, in weights: CheckpointWeights, _ traits: CheckpointTraits) throws {
    var unused = Set(weights.names.filter { name in !traits.ignored.contains { name.hasSuffix(".\($0)") } })
    let isBare = weights["\(traits.base)\(traits.first)"] == nil && weights[traits.first] != nil
    var tensors: [(StoredTensor, String)] = []
    for stored in try model.storedTensors() {
      let name = isBare ? stored.name.removing(prefix: traits.base) : stored.name
      guard let entry = weights[name] else {
        throw GroveError(.format, weights.folder.path, "the tensor \(name) is missing")
      }
      let place = weights.file(of: name)?.path ?? weights.folder.path
      unused.remove(name)
      guard entry.shape == stored.shape else {
        throw GroveError(.format, place, "the tensor \(name) has the shape \(entry.shape), expected \(stored.shape)")
      }
      guard entry.dtype.isFloatingPoint else {
        throw GroveError(.format, place, "the tensor \(name) is \(entry.dtype), not a float")
      }
      tensors.append((stored, name))
    }
    self.tensors = tensors
    twins = traits.twins.filter { unused.remove($0.name) != nil }
      .map { ($0.name, isBare ? $0.of.removing(prefix: traits.base) : $0.of) }
    if let name = unused.min() {
      throw GroveError(
        .format, weights.folder.path, "the tensor \(name) has no place in the model",
        remedy: "\(unused.count) are left over.")
    }
  }

  /// Some writers store a tied matrix a second time; it must be the same.
  func requireTwins(in weights: CheckpointWeights) throws {
    for (name, other) in twins {
      let (copy, original) = (try weights.tensor(name), try weights.tensor(other))
      guard try copy.shape == original.shape && copy.equals(original).allTrue() else {
        throw GroveError(
          .format, weights.file(of: name)?.path ?? weights.folder.path,
          "\(name) is not \(other), but config.json ties the two",
          remedy: "Set tie_word_embeddings to false, or remove the tensor.")
      }
    }
  }
}

extension String {
  fileprivate func removing(prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
