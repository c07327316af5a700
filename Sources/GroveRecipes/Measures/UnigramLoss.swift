import Foundation
import GroveCorpus

/// What a model pays that knows how often each token occurs, and nothing of the tokens before.
public enum UnigramLoss {
  /// Mean −log p of held-out tokens in nats, with counts of the training side, each larger by one.
  /// - Parameter vocabularySize: ids that could occur, V.
  static func natsPerToken(_ shards: URL, vocabularySize: Int) throws -> Double {
    func counts(_ split: Split) throws -> [Double] {
      let dataset = try TokenDataset(folder: shards, split: split, domains: .all, contextLength: 1)
      var counts = [Double](repeating: 0, count: vocabularySize)
      for document in try dataset.allDocuments() { for token in document.tokens { counts[Int(token)] += 1 } }
      return counts
    }
    return natsPerToken(heldOut: try counts(.validation), training: try counts(.train))
  }

  /// The same from how often each id occurs in both.
  /// - Precondition: as many ids on both sides.
  public static func natsPerToken(heldOut: [Double], training: [Double]) -> Double {
    precondition(heldOut.count == training.count, "\(heldOut.count) ids against \(training.count)")
    let total = training.reduce(Double(training.count), +)
    let nats = zip(heldOut, training).reduce(0) { $0 - $1.0 * log(($1.1 + 1) / total) }
    return nats / heldOut.reduce(0, +)
  }
}
