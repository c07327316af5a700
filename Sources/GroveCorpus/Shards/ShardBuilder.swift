public import Foundation
import GroveCore

/// What a build does when its folder already holds shards.
public enum ExistingShards: Sendable {
  /// Throw; nothing is touched.
  case refuse
  /// Take them if they were made from the same inputs and every hash is right; throw if not.
  case verify
}

/// What a build tells while it runs.
public enum ShardBuildEvent: Equatable, Sendable {
  /// Documents, UTF-8 bytes and tokens so far.
  case progress(documents: Int, bytes: Int, tokens: Int)
  case problem(ReadingProblem)
  case finished(ShardManifest.Shard)
}

/// Turns documents into a folder of token shards: `{train,validation}/DOMAIN.{bin,idx,ledger}` and `manifest.json`.
///
/// Everything is written into `FOLDER.partial`, which takes the name of the folder at the end; a killed build leaves
/// only that, and the next one removes it. Memory does not grow with the corpus. The bytes do not depend on the
/// number of workers.
public struct ShardBuilder {
  /// Appends the ids of a UTF-8 text, without an end of text. Must depend on the text alone.
  public typealias Encode = (UnsafeBufferPointer<UInt8>, inout [UInt32]) throws -> Void

  /// Where the shards go.
  public let folder: URL
  /// What the ids mean.
  public let tokenizer: TokenizerIdentity
  /// Which documents are held out.
  public let split: SplitRule
  /// Threads that encode.
  public let workers: Int
  /// What happens if the folder holds shards.
  public let existing: ExistingShards

  /// More than any machine's cores, and few enough to start.
  private static let mostWorkers = 1024

  /// - Throws: `GroveError` with code `.argument` if the workers are outside 1...1024 or the end of text is not in the
  ///   vocabulary.
  public init(folder: URL, tokenizer: TokenizerIdentity, split: SplitRule, workers: Int, existing: ExistingShards)
    throws
  {
    guard (1...ShardBuilder.mostWorkers).contains(workers) else {
      throw GroveError(.argument, "workers", "\(workers) is outside 1...\(ShardBuilder.mostWorkers)")
    }
    guard 0..<tokenizer.vocabularySize ~= tokenizer.endOfText, tokenizer.vocabularySize <= Int32.max else {
      throw GroveError(
        .argument, "endOfText", "the id \(tokenizer.endOfText) is not in the vocabulary of \(tokenizer.vocabularySize)")
    }
    self.folder = folder
    self.tokenizer = tokenizer
    self.split = split
    self.workers = workers
    self.existing = existing
  }

  /// Builds the shards, or checks those that are there.
  /// - Parameter makeEncoder: called once a worker, so that an encoder may keep a cache of its own.
  /// - Throws: `GroveError`; then nothing stands under the name of the folder that was not there before.
  public func build(
    _ files: CorpusFiles, _ options: ReadingOptions, makeEncoder: () throws -> Encode,
    onEvent: @escaping (ShardBuildEvent) -> Void
  ) throws -> ShardManifest {
    try build(files, options, makeEncoder: makeEncoder, addFiles: { _ in }, onEvent: onEvent)
  }

  /// As the public one, with files of the caller's beside the shards.
  /// - Parameter addFiles: writes them into a folder: that of a build before it gets its name, or that of shards which
  ///   were there and are right.
  func build(
    _ files: CorpusFiles, _ options: ReadingOptions, makeEncoder: () throws -> Encode,
    addFiles: (URL) throws -> Void, onEvent: @escaping (ShardBuildEvent) -> Void
  ) throws -> ShardManifest {
    let sources = try files.files.map {
      ShardManifest.Source(
        name: $0.name, bytes: try FileSystem.byteCount(of: $0.url), sha256: try ContentHash.ofFile($0.url))
    }
    let inputs = inputsHash(sources, options)
    if let manifest = try existingManifest(inputs) {
      try addFiles(folder)
      return manifest
    }
    let staging = folder.deletingLastPathComponent().appending(path: folder.lastPathComponent + ".partial")
    try FileSystem.remove(staging)
    let reader = DocumentReader(files, options) { onEvent(.problem($0)) }
    var set = try ShardSet(folder: staging, vocabularySize: tokenizer.vocabularySize, sources: sources.map(\.name))
    let pool = try EncodingPool(workers: workers, endOfText: tokenizer.endOfText, makeEncoder)
    while true {
      let batch = try reader.nextBatch()
      if batch.isEmpty { break }
      for (document, ids) in zip(batch, try pool.encode(batch)) {
        try set.append(document, ids, split.split(of: document.id))
      }
      onEvent(.progress(documents: reader.summary.documents, bytes: reader.summary.bytes, tokens: set.tokens))
    }
    guard reader.summary.documents > 0 else {
      throw GroveError(
        .format, folder.path,
        "no document in \(files.files.count) files (\(reader.summary.problems) broken lines, "
          + "\(files.ignored) files of other kinds)")
    }
    try addFiles(staging)
    let manifest = ShardManifest(
      tokenizer: tokenizer, split: split, shards: try set.finish { onEvent(.finished($0)) }, sources: sources,
      summary: reader.summary, inputs: inputs)
    try manifest.write(to: staging)
    try FileSystem.rename(staging, to: folder)
    return manifest
  }

  private func existingManifest(_ inputs: String) throws -> ShardManifest? {
    guard FileSystem.exists(folder), try !FileSystem.entries(of: folder).isEmpty else { return nil }
    guard FileSystem.exists(folder.appending(path: ShardManifest.fileName)) else {
      throw GroveError(
        .file, folder.path, "the folder is not empty and holds no shards", remedy: "Name another folder.")
    }
    let manifest = try ShardManifest(folder: folder)
    guard manifest.inputs == inputs else {
      throw GroveError(
        .mismatch, folder.path, "the folder holds shards that were made from other texts or in another way",
        remedy: "Remove it, or name another folder.")
    }
    guard existing == .verify else {
      throw GroveError(
        .file, folder.path, "the folder already holds these shards", remedy: "Use them, or remove the folder.")
    }
    try manifest.verify(folder: folder)
    return manifest
  }

  /// The hash of all that decides the bytes of the shards.
  private func inputsHash(_ sources: [ShardManifest.Source], _ options: ReadingOptions) -> String {
    let fields = options.fields
    let domain: [JSONValue] =
      switch options.domain {
      case .fixed(let name): ["fixed", .string(name)]
      case .fileName: ["fileName"]
      case .field(let key): ["field", .string(key)]
      }
    let description: JSONValue = .array([
      "grove shards 1", .string(tokenizer.fingerprint), .integer(tokenizer.vocabularySize),
      .integer(tokenizer.endOfText), .number(split.validationShare), .string(String(split.seed)), .array(domain),
      .string(options.brokenLines.rawValue), .string(fields.text), .string(fields.id), .string(fields.language),
      .string(fields.source), .integer(options.byteLimit),
      .array(sources.map { .array([.string($0.name), .string($0.sha256)]) }),
    ])
    return ContentHash.of(description.text)
  }
}
