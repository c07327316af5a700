import GroveCore
import GroveTensor

/// Tokens of which some are hidden, for an encoder to guess (Devlin et al. 2018, arXiv:1810.04805, §3.1): 80% of the chosen ones
/// become the mask, 10% another token, 10% stay.
struct MaskedTokens {
  /// `[B, T]`.
  let tokens: Tensor
  /// Flat positions b·T + t of the chosen ones, `[M]`.
  let places: Tensor
  /// What stood there, `[M]`.
  let targets: Tensor
  /// Chosen ones, M.
  let count: Int

  /// - Parameters:
  ///   - rows: of one length T.
  ///   - first: the first place of a row that may be chosen.
  ///   - share: of the places of a row that are chosen, one at least.
  ///   - vocabularySize: other tokens are drawn below it.
  init(
    _ rows: [[Int64]], from first: Int, share: Double, maskToken: Int64, vocabularySize: Int, random: RandomKey,
    device: Device
  ) throws {
    let length = rows[0].count
    let hidden = max(1, Int((share * Double(length - first)).rounded()))
    var tokens = rows.flatMap { $0 }
    var (places, targets): ([Int64], [Int64]) = ([], [])
    for row in rows.indices {
      let draws = random.split(row)
      let order = Permutation(count: length - first, key: draws.split("places"))
      for index in 0..<hidden {
        let place = row * length + first + order[index]
        places.append(Int64(place))
        targets.append(tokens[place])
        let draw = draws.uniform(index)
        if draw < 0.8 {
          tokens[place] = maskToken
        } else if draw < 0.9 {
          tokens[place] = Int64(draws.split("tokens").bits(index) % UInt64(vocabularySize))
        }
      }
    }
    self.tokens = try Tensor(tokens, [rows.count, length]).moved(to: device)
    self.places = try Tensor(places, [places.count]).moved(to: device)
    self.targets = try Tensor(targets, [targets.count]).moved(to: device)
    count = targets.count
  }
}
