/// Whether a training came to something and stayed there.
public enum TrainingStability {
  /// Share of the loss of a model that has seen no context, by which a stable training ends below it.
  static let gain = 0.02
  /// Share of the same loss, by which the end may be above the best tenth of the steps.
  static let rise = 0.05

  /// Whether every step was applied with a finite loss, and the mean loss of the last tenth of the steps is at least 2% below
  /// what a model without context pays, and above the best tenth by at most 5% of that.
  /// - Parameters:
  ///   - losses: of the steps that were applied, in nats.
  ///   - steps: how many were to be taken.
  ///   - trivialNats: what is paid without looking at any context.
  /// - Precondition: at least ten steps.
  public static func isStable(_ losses: [Double], steps: Int, trivialNats: Double) -> Bool {
    precondition(steps >= 10, "\(steps) steps have no tenths")
    guard losses.count == steps, losses.allSatisfy(\.isFinite) else { return false }
    let tenths = (0..<10).map { part in
      let range = part * steps / 10..<(part + 1) * steps / 10
      return losses[range].reduce(0, +) / Double(range.count)
    }
    guard let last = tenths.last, let best = tenths.min() else { return false }
    return last <= (1 - gain) * trivialNats && last <= best + rise * trivialNats
  }
}
