public import Foundation
import GroveCore
public import GroveModel
import GroveTensor

/// Where every engine of a training benchmark starts: the same weights, and the same batch at each step.
///
/// On disk it is a folder with a Hugging Face checkpoint and `batches.safetensors`, whose one tensor `batches` holds ids
/// `[steps, B, T + 1]`, int64.
public struct BenchmarkStart {
  /// Not prepared: it has its weights in float32.
  public let model: any LanguageModel
  /// Ids `[steps, B, T + 1]`, row by row.
  let ids: [Int64]
  /// The sizes of `ids`.
  let shape: [Int]

  /// Random weights as the config says, and ids drawn uniformly from the vocabulary.
  public init(_ config: TrainingBenchmarkConfig) throws {
    let random = RandomKey(seed: UInt64(config.seed))
    model = try makeModel(config.model, weights: .random(random.split("weights")))
    let shape = [config.warmupSteps + config.steps, config.batchSize, config.model.contextLength + 1]
    let draws = random.split("batches")
    let vocabulary = Double(config.model.vocabularySize)
    ids = (0..<shape.reduce(1, *)).map { Int64(vocabulary * draws.uniform($0)) }
    self.shape = shape
  }

  /// Reads a folder that Grove or a peer wrote.
  /// - Throws: `GroveError` with code `.format` if there are no batches, or one that the model cannot read.
  public init(folder: URL) throws {
    model = try ModelFolder.load(folder)
    let url = folder.appending(path: "batches.safetensors")
    let file = try SafetensorsFile(url)
    guard let entry = file["batches"], entry.dtype == .int64, entry.shape.count == 3, entry.shape[2] > 1 else {
      throw GroveError(.format, url.path, "has no tensor batches of int64 [steps, B, T + 1]")
    }
    shape = entry.shape
    ids = try file.tensor("batches").values(as: Int64.self)
    let vocabulary = Int64(model.config.vocabularySize)
    if let wrong = ids.first(where: { !(0..<vocabulary).contains($0) }) {
      throw GroveError(.format, url.path, "the id \(wrong) is outside 0..<\(vocabulary)")
    }
  }

  /// Writes the folder for a peer.
  public func write(to folder: URL) throws {
    try FileSystem.makeFolder(folder)
    try ModelFolder.save(model, endOfText: 0, to: folder)
    try SafetensorsWriter.write(
      [.init("batches", try Tensor(ids, shape))], to: folder.appending(path: "batches.safetensors"))
  }

  /// Steps that there are batches for.
  public var steps: Int { shape[0] }
  /// Sequences of a step.
  public var batchSize: Int { shape[1] }
  /// Tokens of a step.
  public var tokensPerStep: Int { shape[1] * (shape[2] - 1) }

  /// The tokens and the targets of a step, each `[B, T]`.
  func batch(_ step: Int, on device: Device) throws -> (tokens: Tensor, targets: Tensor) {
    let (b, t) = (shape[1], shape[2] - 1)
    let rows = (0..<b).map { ids[(step * b + $0) * (t + 1)..<(step * b + $0 + 1) * (t + 1)] }
    return (
      try Tensor(rows.flatMap { $0.dropLast() }, [b, t]).moved(to: device),
      try Tensor(rows.flatMap { $0.dropFirst() }, [b, t]).moved(to: device)
    )
  }
}
