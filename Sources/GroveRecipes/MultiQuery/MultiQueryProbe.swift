import GroveCore
import GroveDecode
import GroveModel
import GroveTensor

/// What a trained model keeps of each position, and whether it writes from that what it would write from the text.
struct MultiQueryProbe {
  let trained: Comparison.Trained

  func add(to figures: inout ArmFigures) throws {
    let (model, device) = (trained.model, trained.run.device)
    let count = model.config.contextLength
    let whole = try model.makeCache(texts: 1, capacity: count)
    figures.figures["cache bytes of a position"] = Double(whole.byteCount) / Double(count)
    let text = trained.text.documents.max { $0.tokens.count < $1.tokens.count }
    guard let text, text.tokens.count >= count else {
      throw GroveError(
        .argument, "training.model.contextLength", "no held-out document has \(count) tokens",
        remedy: "Hold out more with training.heldOutShare, or train on a shorter context.")
    }
    let tokens = try Tensor(text.tokens.prefix(count).map { Int64($0) }, [1, count]).moved(to: device)
    try withGradients(.off) {
      let full = try model.logits(tokens, ForwardPass(.inference))  // [1, T, V]
      var largest = 0.0
      for position in 0..<count {
        let token = try tokens.narrowed(1, from: position, count: 1)
        let difference =
          try model.nextLogits(token, ForwardPass(.inference, cache: whole))
          - full.selected(1, position)
        largest = try difference.moved(to: .cpu).contiguous().values(as: Float.self)
          .reduce(largest) { max($0, Double(abs($1))) }
      }
      figures.figures["difference from the cache"] = largest
    }
  }
}
