import GroveCore
import GroveTensor

/// Tokens of which some are hidden, for an encoder to guess (Devlin et al. 2018, arXiv:1810.04805, §3.1).
struct MaskedTokens {
  /// `[B, T]`.
  let tokens: Tensor
  /// Flat positions b·T + t of the chosen ones, `[M]`.
  let places: Tensor
  /// What stood there, `[M]`.
  let targets: Tensor
  /// Chosen ones, M.
  let count: Int

  /// Chooses single tokens: 80% of them become the mask, 10% another token, 10% stay.
  /// - Parameters:
  ///   - rows: of one length T.
  ///   - first: the first place of a row that may be chosen.
  ///   - share: of the places of a row that are chosen, one at least.
  ///   - vocabularySize: other tokens are drawn below it.
  init(
    _ rows: [[Int64]], from first: Int, share: Double, maskToken: Int64, vocabularySize: Int, random: RandomKey,
    device: Device
  ) throws {
    let units = (first..<rows[0].count).map { $0..<$0 + 1 }
    try self.init(
      rows, units: rows.map { _ in units }, share: share, corruption: .mixed, maskToken: maskToken,
      vocabularySize: vocabularySize, random: random, device: device)
  }

  /// Chooses units, of which all tokens are hidden together.
  /// - Parameters:
  ///   - rows: of one length T.
  ///   - units: the places of each unit, row by row; a row without any hides nothing.
  ///   - share: of a row's units that are chosen, one at least.
  ///   - vocabularySize: other tokens are drawn below it.
  init(
    _ rows: [[Int64]], units: [[Range<Int>]], share: Double, corruption: MaskingConfig.Corruption, maskToken: Int64,
    vocabularySize: Int, random: RandomKey, device: Device
  ) throws {
    let length = rows[0].count
    var tokens = rows.flatMap { $0 }
    var (places, targets): ([Int64], [Int64]) = ([], [])
    for (row, units) in units.enumerated() where !units.isEmpty {
      let draws = random.split(row)
      let order = Permutation(count: units.count, key: draws.split("places"))
      var drawn = 0
      for index in 0..<max(1, Int((share * Double(units.count)).rounded())) {
        let draw = corruption == .mask ? 0 : draws.uniform(index)
        for place in units[order[index]].map({ row * length + $0 }) {
          places.append(Int64(place))
          targets.append(tokens[place])
          if draw < 0.8 {
            tokens[place] = maskToken
          } else if draw < 0.9 {
            tokens[place] = Int64(draws.split("tokens").bits(drawn) % UInt64(vocabularySize))
          }
          drawn += 1
        }
      }
    }
    self.tokens = try Tensor(tokens, [rows.count, length]).moved(to: device)
    self.places = try Tensor(places, [places.count]).moved(to: device)
    self.targets = try Tensor(targets, [targets.count]).moved(to: device)
    count = targets.count
  }
}
