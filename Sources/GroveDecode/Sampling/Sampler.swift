import GroveCore

/// A valid way to choose the next token from scores.
public struct Sampler: Sendable, Equatable {
  enum Choice: Sendable, Equatable {
    case likeliest(repetitionPenalty: Double)
    case draw(SamplingOptions)
  }
  let choice: Choice

  /// What the scores of tokens that the text already has are divided by; 1 leaves them.
  var repetitionPenalty: Double {
    switch choice {
    case .likeliest(let penalty): penalty
    case .draw(let options): options.repetitionPenalty
    }
  }

  /// Always the likeliest token, the one with the lowest id in a tie.
  public static let greedy = Sampler(choice: .likeliest(repetitionPenalty: 1))

  /// Always the token that is likeliest after the penalty, the one with the lowest id in a tie. No other option could
  /// change the choice: each keeps the likeliest token.
  /// - Throws: `GroveError` with code `.argument` if the penalty is outside the range of `SamplingOptions`.
  public static func greedy(repetitionPenalty: Double) throws -> Sampler {
    var options = SamplingOptions()
    options.repetitionPenalty = repetitionPenalty
    _ = try drawing(options)
    return Sampler(choice: .likeliest(repetitionPenalty: repetitionPenalty))
  }

  /// A draw from the distribution that the options describe.
  /// - Throws: `GroveError` with code `.argument` that names every field outside its range:
  ///   "topP: 1.2 is outside (0, 1]".
  public static func drawing(_ options: SamplingOptions) throws -> Sampler {
    let issues = options.issues()
    guard issues.isEmpty else {
      throw GroveError(.argument, "", issues.map(\.description).joined(separator: "; "))
    }
    return Sampler(choice: .draw(options))
  }
}
