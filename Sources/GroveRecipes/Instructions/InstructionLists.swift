import GroveCore

/// The lists of letters that instructions are about: those that may be trained on, and those that are held out.
struct InstructionLists: Sendable {
  let config: InstructionConfig
  /// Of what is held out, the same for all seeds.
  let key = RandomKey(seed: 0).split("instructions")
  private static let heldOutShare = 0.25

  init(_ config: InstructionConfig) { self.config = config }

  /// Whether a list is kept from every training.
  func isHeldOut(_ letters: [String]) -> Bool {
    key.split("held out").split(letters.joined()).uniform(0) < InstructionLists.heldOutShare
  }

  /// The first list of one side that a key draws.
  func list(_ draws: RandomKey, heldOut: Bool) -> [String] {
    var attempt = 0
    while true {
      let own = draws.split(attempt)
      let count = config.shortest + Int(own.bits(0) % UInt64(config.longest - config.shortest + 1))
      let order = Permutation(count: config.letters, key: own.split("letters"))
      let letters = (0..<count).map { String(UnicodeScalar(UInt8(ascii: "a") + UInt8(order[$0]))) }
      if isHeldOut(letters) == heldOut { return letters }
      attempt += 1
    }
  }
}
