import GroveCore
public import GroveCorpus
public import GroveModel
public import GroveTensor

/// Scores whole documents: each starts after an end-of-text, and is cut into windows of the context's length.
///
/// - Source: bits per byte as in Gao et al. 2020 (arXiv:2101.00027) §3.1.
public struct PerplexityEvaluator: Sendable {
  /// Positions of a window, T.
  public let contextLength: Int
  /// Tokens that a window adds to the one before. With a stride below the context's length every token but the first
  /// ones sees at least `contextLength − stride` tokens before it, at `contextLength / stride` times the cost.
  public let stride: Int
  /// Tokens that go through the model at once.
  public let batchTokens: Int
  /// The id that stands before each document, so that its first token is predicted too.
  public let endOfText: Int

  /// - Throws: `GroveError` with code `.argument`.
  public init(contextLength: Int, stride: Int, batchTokens: Int, endOfText: Int) throws {
    guard contextLength > 0 else { throw GroveError(.argument, "contextLength", "\(contextLength) is not positive") }
    guard (1...contextLength).contains(stride) else {
      throw GroveError(.argument, "stride", "\(stride) is outside 1...\(contextLength)")
    }
    self.contextLength = contextLength
    self.stride = stride
    self.batchTokens = max(batchTokens, contextLength)
    self.endOfText = endOfText
  }

  /// The losses of documents in their order. The result does not depend on `batchTokens`.
  /// - Parameters:
  ///   - model: prepared for inference or training; no gradients are recorded.
  ///   - onProgress: called with the number of tokens done after each batch.
  public func losses(
    of documents: [TokenizedDocument], under model: any LanguageModel, device: Device = .cpu,
    onProgress: (Int) -> Void = { _ in }
  ) throws -> [DocumentLoss] {
    let windows = documents.enumerated().flatMap { self.windows(of: $1, document: $0) }
      .sorted { ($0.count, $0.document, $0.start) > ($1.count, $1.document, $1.start) }
    var nats = [Double](repeating: 0, count: documents.count)
    var counts = [Int](repeating: 0, count: documents.count)
    var done = 0
    var next = 0
    while next < windows.count {
      let rows = max(1, batchTokens / windows[next].count)
      let batch = windows[next..<min(next + rows, windows.count)]
      let losses = try tokenLosses(batch, documents, model, device)
      let width = batch.first?.count ?? 0
      for (row, window) in batch.enumerated() {
        for position in window.firstScored..<window.count {
          nats[window.document] += Double(losses[row * width + position])
        }
        counts[window.document] += window.count - window.firstScored
        done += window.count - window.firstScored
      }
      next = batch.endIndex
      onProgress(done)
    }
    return documents.indices.map {
      DocumentLoss(
        id: documents[$0].id, domain: documents[$0].domain, nats: nats[$0], tokens: counts[$0],
        bytes: documents[$0].byteCount)
    }
  }

  /// Some positions of a document: inputs `start..<start + count` of the end-of-text and the document's tokens.
  private struct Window {
    let document: Int
    let start: Int
    let count: Int
    /// Positions before it were scored by the window before.
    let firstScored: Int
  }

  private func windows(of document: TokenizedDocument, document index: Int) -> [Window] {
    let total = document.tokens.count
    var windows: [Window] = []
    var scored = 0
    while scored < total {
      let end = windows.isEmpty ? min(contextLength, total) : min(scored + stride, total)
      let start = max(0, end - contextLength)
      windows.append(Window(document: index, start: start, count: end - start, firstScored: scored - start))
      scored = end
    }
    return windows
  }

  private func tokenLosses(
    _ batch: ArraySlice<Window>, _ documents: [TokenizedDocument], _ model: any LanguageModel, _ device: Device
  ) throws -> [Float] {
    let width = batch.first?.count ?? 0
    var inputs = [Int64](repeating: Int64(endOfText), count: batch.count * width)
    var targets = [Int64](repeating: Int64(ignoredTarget), count: batch.count * width)
    for (row, window) in batch.enumerated() {
      let tokens = documents[window.document].tokens
      for position in 0..<window.count {
        let place = window.start + position
        if place > 0 { inputs[row * width + position] = tokens[place - 1] }
        targets[row * width + position] = tokens[place]
      }
    }
    let shape = [batch.count, width]
    return try model.tokenLosses(
      Tensor(inputs, shape).moved(to: device), targets: Tensor(targets, shape).moved(to: device)
    ).values(as: Float.self)
  }
}
