import GroveCore

/// The planted lines and the questions about them.
struct ArithmeticText {
  /// A first operand and the lines that begin with it.
  struct Operand {
    let value: Int
    let lines: Int
  }

  let config: ArithmeticConfig
  /// In order of their values.
  let operands: [Operand]
  private let key: RandomKey

  init(_ config: ArithmeticConfig, key: RandomKey) {
    self.config = config
    self.key = key
    let count = config.levels * config.operandsPerLevel
    let order = Permutation(count: count, key: key.split("levels"))
    operands = (0..<count).map {
      Operand(value: config.firstOperand + $0, lines: 1 << (order[$0] / config.operandsPerLevel))
    }
  }

  /// All lines in a random order, as texts of `linesPerDocument` lines.
  func documents() -> [String] {
    var lines: [String] = []
    for operand in operands {
      let draws = key.split("addends").split(operand.value)
      for index in 0..<operand.lines {
        lines.append(line(operand.value, 1 + Int(draws.bits(index) % UInt64(config.addends))))
      }
    }
    var generator = key.split("order").generator()
    lines.shuffle(using: &generator)
    return stride(from: 0, to: lines.count, by: config.linesPerDocument).map {
      lines[$0..<min($0 + config.linesPerDocument, lines.count)].joined()
    }
  }

  /// A prompt and its answer for every operand and second operand, operand by operand.
  func questions() -> [(prompt: String, answer: String)] {
    operands.flatMap { operand in
      (1...config.addends).map { ("\(operand.value) + \($0) =", " \(operand.value + $0)\n") }
    }
  }

  private func line(_ a: Int, _ b: Int) -> String { "\(a) + \(b) = \(a + b)\n" }
}
