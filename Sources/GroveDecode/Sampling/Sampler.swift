import GroveCore

/// A valid way to choose the next token from scores.
public struct Sampler: Sendable, Equatable {
  enum Choice: Sendable, Equatable {
    case likeliest
    case draw(SamplingOptions)
  }
  let choice: Choice

  /// Always the likeliest token, the one with the lowest id in a tie.
  public static let greedy = Sampler(choice: .likeliest)

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
