import Foundation
import GroveCore
import GroveDecode
import Testing

@Suite("Choosing a token")
struct SamplingTests {
  /// The scores of given probabilities.
  private static func logits(_ probabilities: [Double]) -> [Float] { probabilities.map { Float(log($0)) } }

  private static func options(_ change: (inout SamplingOptions) -> Void) -> SamplingOptions {
    var options = SamplingOptions()
    change(&options)
    return options
  }

  private static func choices(
    _ logits: [Float], _ options: SamplingOptions, count: Int, seed: UInt64 = 5
  ) throws -> [Int] {
    var chooser = TokenChooser(try .drawing(options), random: RandomKey(seed: seed))
    return try (0..<count).map { try chooser.choose(logits, at: $0).id }
  }

  /// The tokens that stay and their shares, by sorting everything; and the token on which each draw falls.
  private static func expected(
    _ logits: [Float], _ options: SamplingOptions, count: Int, seed: UInt64 = 5
  ) -> [Int] {
    let highest = Double(logits.max()!)
    var kept = logits.enumerated().map { (id: $0, weight: exp((Double($1) - highest) / options.temperature)) }
    let limited = options.topK > 0 && options.topK < logits.count
    if limited || options.topP < 1 {
      kept.sort { $0.weight > $1.weight || ($0.weight == $1.weight && $0.id < $1.id) }
    }
    if limited { kept = Array(kept.prefix(options.topK)) }
    if options.topP < 1 {
      let total = kept.reduce(0) { $0 + $1.weight }
      var sum = 0.0
      let needed = kept.firstIndex { candidate in
        sum += candidate.weight
        return sum >= options.topP * total
      }
      kept = Array(kept.prefix((needed ?? kept.count) + 1))
    }
    kept = kept.filter { $0.weight >= options.minP }
    let total = kept.reduce(0) { $0 + $1.weight }
    let key = RandomKey(seed: seed)
    if !limited { kept.sort { $0.id < $1.id } }
    return (0..<count).map { position in
      var rest = key.uniform(position) * total
      return kept.first { candidate in
        rest -= candidate.weight
        return rest < 0
      }!.id
    }
  }

  @Test("The same key gives the same tokens, another key others; the order of asking does not matter")
  func reproducible() throws {
    let logits = [Float](repeating: 0, count: 50)
    let first = try Self.choices(logits, SamplingOptions(), count: 100)
    #expect(try Self.choices(logits, SamplingOptions(), count: 100) == first)
    #expect(try Self.choices(logits, SamplingOptions(), count: 100, seed: 6) != first)
    var chooser = TokenChooser(try .drawing(SamplingOptions()), random: RandomKey(seed: 5))
    #expect(try (0..<100).reversed().map { try chooser.choose(logits, at: $0).id } == first.reversed())
  }

  @Test(
    "Every combination of options keeps and draws what sorting everything gives",
    arguments: [0, 1, 7, 40, 500], [0.05, 0.5, 0.93, 1])
  func againstSorting(topK: Int, topP: Double) throws {
    for (index, minP) in [0, 0.02, 0.3, 1].enumerated() {
      for temperature in [0.4, 1, 1.7] {
        let key = RandomKey(seed: 17).split(index)
        // Rounded to sixteenths, so that there are ties.
        let logits = (0..<300).map { Float(((key.uniform($0) + key.uniform(1000 + $0)) * 80).rounded() / 16) }
        let options = Self.options { ($0.topK, $0.topP, $0.minP, $0.temperature) = (topK, topP, minP, temperature) }
        #expect(try Self.choices(logits, options, count: 200) == Self.expected(logits, options, count: 200))
      }
    }
  }

  @Test("Draws have the frequencies of the softmax (chi-square, 4 degrees of freedom, 0.1% level)")
  func frequencies() throws {
    let probabilities = [0.4, 0.3, 0.15, 0.1, 0.05]
    let count = 20_000
    var counts = [Int](repeating: 0, count: 5)
    for id in try Self.choices(Self.logits(probabilities), SamplingOptions(), count: count) { counts[id] += 1 }
    let statistic = zip(counts, probabilities).reduce(0) { sum, pair in
      let expected = pair.1 * Double(count)
      return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
    #expect(statistic < 18.47)
  }

  @Test("Of 0.5, 0.25, 0.15 and 0.1, each option keeps the tokens worked out by hand")
  func byHand() throws {
    let logits = Self.logits([0.15, 0.5, 0.1, 0.25])
    func kept(_ change: (inout SamplingOptions) -> Void) throws -> Set<Int> {
      Set(try Self.choices(logits, Self.options(change), count: 400))
    }
    #expect(try kept { $0.topK = 2 } == [1, 3])
    #expect(try kept { $0.topP = 0.49 } == [1])
    #expect(try kept { $0.topP = 0.74 } == [1, 3])  // 0.5 is too little, 0.75 is enough
    #expect(try kept { $0.topP = 0.76 } == [1, 3, 0])
    #expect(try kept { $0.minP = 0.29 } == [1, 3, 0])  // 0.15 is 0.3 of the highest, 0.1 is 0.2
    #expect(try kept { $0.minP = 0.31 } == [1, 3])
    #expect(try kept { ($0.topK, $0.topP) = (3, 0.8) } == [1, 3])  // 0.5 and 0.25 of the 0.9 that top-k leaves: 0.83
    // Squared probabilities are 0.25, 0.0625, 0.0225 and 0.01 of 0.345: 0.72 for the first.
    #expect(try kept { ($0.temperature, $0.topP) = (0.5, 0.72) } == [1])
    #expect(try kept { $0.temperature = 1e-3 } == [1])
  }

  @Test("Ties go to the lower id")
  func ties() throws {
    let logits: [Float] = [0, 2, 2, 1, 2]
    var greedy = TokenChooser(.greedy, random: RandomKey(seed: 0))
    #expect(try greedy.choose(logits, at: 0).id == 1)
    #expect(Set(try Self.choices(logits, Self.options { $0.topK = 2 }, count: 200)) == [1, 2])
    #expect(Set(try Self.choices(logits, Self.options { $0.topP = 0.5 }, count: 200)) == [1, 2])
  }

  @Test("A forbidden token is never drawn, and log-probabilities are the model's own")
  func logProbabilities() throws {
    let logits: [Float] = [Float(log(0.75)), -.infinity, Float(log(0.25))]
    var chooser = TokenChooser(
      try .drawing(Self.options { ($0.temperature, $0.topK) = (3, 2) }), random: RandomKey(seed: 1))
    for position in 0..<100 {
      let token = try chooser.choose(logits, at: position)
      #expect(token.id != 1)
      #expect(abs(token.logProbability - log(token.id == 0 ? 0.75 : 0.25)) < 1e-6)
    }
  }

  @Test("The repetition penalty divides positive scores of seen tokens and multiplies negative ones")
  func repetition() throws {
    let options = Self.options { ($0.repetitionPenalty, $0.topK) = (2, 1) }
    var chooser = TokenChooser(try .drawing(options), random: RandomKey(seed: 1))
    #expect(try chooser.choose([3, 2, -1], at: 0).id == 0)
    chooser.note([0])  // 3 becomes 1.5
    #expect(try chooser.choose([3, 2, -1], at: 1).id == 1)
    chooser.note([1])
    #expect(try chooser.choose([-1, -1.5, -1.9], at: 2).id == 2)  // −2, −3 and −1.9
  }

  @Test("A penalty whose effect no float can hold is refused", arguments: [1e-300, 1e-40, 0.0099, 100.1, -1, .nan])
  func refusedPenalty(penalty: Double) {
    let error = #expect(throws: GroveError.self) {
      try Sampler.drawing(Self.options { $0.repetitionPenalty = penalty })
    }
    #expect(error?.description == "repetitionPenalty: \(penalty) is outside [0.01, 100]")
  }

  @Test("The strongest penalties on the largest scores still choose an allowed token", arguments: [0.01, 100])
  func extremeScores(penalty: Double) throws {
    let largest = Float.greatestFiniteMagnitude
    for logits in [[largest, -.infinity, largest], [-largest, -.infinity, -largest]] {
      var chooser = TokenChooser(
        try .drawing(Self.options { $0.repetitionPenalty = penalty }), random: RandomKey(seed: 1))
      chooser.note([0, 1, 2])
      for position in 0..<20 { #expect(try chooser.choose(logits, at: position).id != 1) }
    }
  }

  @Test("Partial selection over 262,144 tokens is what sorting everything gives")
  func largeVocabulary() throws {
    let key = RandomKey(seed: 2)
    let logits = (0..<262_144).map { Float(key.uniform($0) * 20) }
    for options in [Self.options { $0.topK = 50 }, Self.options { $0.topP = 0.95 }, Self.options { $0.minP = 0.05 }] {
      #expect(try Self.choices(logits, options, count: 3) == Self.expected(logits, options, count: 3))
    }
  }

  @Test("Options outside their range are all refused in words")
  func refusedOptions() throws {
    let one = #expect(throws: GroveError.self) { try Sampler.drawing(Self.options { $0.topP = 1.2 }) }
    #expect(one?.description == "topP: 1.2 is outside (0, 1]")
    let all = #expect(throws: GroveError.self) {
      try Sampler.drawing(
        Self.options {
          ($0.temperature, $0.topK, $0.topP, $0.minP, $0.repetitionPenalty) = (0, -1, 0, .nan, .infinity)
        })
    }
    #expect(
      all?.description == """
        temperature: 0.0 is not positive and finite; topK: -1 is negative; topP: 0.0 is outside (0, 1]; \
        minP: nan is outside [0, 1]; repetitionPenalty: inf is outside [0.01, 100]
        """)
  }

  @Test(
    "Scores that are no numbers are refused in words",
    arguments: [
      ([0, .nan, .infinity], "logits: 2 of 3 are NaN or infinite"),
      ([-.infinity, -.infinity], "logits: none of 2 tokens is allowed"), ([], "logits: none of 0 tokens is allowed"),
    ] as [([Float], String)])
  func refusedScores(logits: [Float], message: String) throws {
    var chooser = TokenChooser(.greedy, random: RandomKey(seed: 0))
    let error = #expect(throws: GroveError.self) { try chooser.choose(logits, at: 0) }
    #expect(error?.description == message)
  }
}
