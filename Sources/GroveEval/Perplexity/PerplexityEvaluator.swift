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
    var nats = documents.map { [Float](repeating: 0, count: $0.tokens.count) }
    let windows = documents.indices.flatMap { self.windows(of: documents[$0], document: $0) }
    try forEachWindow(windows, of: documents, under: model, device: device, onProgress: onProgress) { window, losses in
      for (token, loss) in zip(window.scored, losses) { nats[window.document][token] = loss }
    }
    return zip(documents, nats).map { document, nats in
      DocumentLoss(document, nats: nats.reduce(0) { $0 + Double($1) })
    }
  }

  /// The windows that score every token of a document once, in order.
  /// - Parameter index: what the windows call the document.
  public func windows(of document: TokenizedDocument, document index: Int) -> [EvaluationWindow] {
    let total = document.tokens.count
    var windows: [EvaluationWindow] = []
    var scored = 0
    while scored < total {
      let end = windows.isEmpty ? min(contextLength, total) : min(scored + stride, total)
      let start = max(0, end - contextLength)
      windows.append(
        EvaluationWindow(document: index, start: start, count: end - start, firstScored: scored - start))
      scored = end
    }
    return windows
  }

  /// Scores windows, the longest first, and hands out what each of their tokens costs.
  /// - Parameters:
  ///   - windows: of `documents`, by their index; any choice of them, in any order.
  ///   - model: prepared for inference or training; no gradients are recorded.
  ///   - onProgress: called with the number of tokens done after each batch.
  ///   - body: called once for each window with −log p in nats of the tokens `window.scored`.
  public func forEachWindow(
    _ windows: [EvaluationWindow], of documents: [TokenizedDocument], under model: any LanguageModel, device: Device,
    onProgress: (Int) -> Void, _ body: (EvaluationWindow, ArraySlice<Float>) -> Void
  ) throws {
    let windows = windows.sorted { ($0.count, $0.document, $0.start) > ($1.count, $1.document, $1.start) }
    var done = 0
    var next = 0
    while next < windows.count {
      let width = windows[next].count
      let batch = windows[next..<min(next + max(1, batchTokens / width), windows.count)]
      let losses = try tokenLosses(batch, documents, model, device)
      for (row, window) in batch.enumerated() {
        body(window, losses[row * width + window.firstScored..<row * width + window.count])
        done += window.count - window.firstScored
      }
      next = batch.endIndex
      onProgress(done)
    }
  }

  private func tokenLosses(
    _ batch: ArraySlice<EvaluationWindow>, _ documents: [TokenizedDocument], _ model: any LanguageModel,
    _ device: Device
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
