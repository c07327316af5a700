public import GroveCore

/// Long texts in which eight facts stand, and questions that take one of them or two.
///
/// A fact is an id of its own, beside the 256 bytes. Facts come in pairs, far from each other: "this key is at that name" and
/// "that name has this value". A name is asked for its value, which takes one fact; a key too, which takes both.
public struct NeedleTexts: Sendable {
  /// How many keys there are, and how many names: each once in every text.
  public static let names = 4
  /// How many values there are.
  public static let values = 8
  /// Facts of a text, and as many questions.
  public static let facts = 2 * names
  /// Ids: bytes; facts of places and of values; questions for keys and for names; values.
  public static let vocabulary = firstValue + values

  private static let firstPlace = 256
  private static let firstHolding = firstPlace + names * names
  private static let firstKey = firstHolding + names * values
  private static let firstName = firstKey + names
  private static let firstValue = firstName + names

  /// What the facts are hidden in.
  private let text: [UInt8]

  public init(_ text: [UInt8]) { self.text = text }

  /// A text, and what is asked about it.
  public struct Example: Sendable {
    public let tokens: [Int64]
    /// Keys and names, each once, in no order.
    public let questions: [Int64]
    /// The value that each question has.
    public let answers: [Int64]
    /// The places in `tokens` of the facts, rising.
    public let needles: [Int]

    /// Whether a question takes two facts.
    public func takesTwo(_ question: Int) -> Bool { questions[question] < NeedleTexts.firstName }
  }

  /// The fact that a key is at a name.
  public static func place(key: Int, name: Int) -> Int64 { Int64(firstPlace + key * names + name) }

  /// The fact that a name has a value.
  public static func holding(name: Int, value: Int) -> Int64 { Int64(firstHolding + name * values + value) }

  /// A text of `length` positions from anywhere in the bytes, with facts of its own, each anywhere in an equal part of it.
  /// - Precondition: the bytes are at least as many, and there is a position for each fact.
  public func example(length: Int, _ key: RandomKey) -> Example {
    precondition(length >= NeedleTexts.facts && text.count >= length, "no text of \(length) in \(text.count) bytes")
    let start = Int(key.split("text").uniform(0) * Double(text.count - length + 1))
    var tokens = text[start..<start + length].map(Int64.init)
    let names = Permutation(count: NeedleTexts.names, key: key.split("names"))
    let values = (0..<NeedleTexts.names).map { Int(key.split("values").bits($0) % UInt64(NeedleTexts.values)) }
    let order = Permutation(count: NeedleTexts.facts, key: key.split("order"))
    let asked = Permutation(count: NeedleTexts.facts, key: key.split("asked"))
    let part = length / NeedleTexts.facts
    var needles: [Int] = []
    var pairs = [(question: Int, answer: Int)](repeating: (0, 0), count: NeedleTexts.facts)
    for fact in 0..<NeedleTexts.facts {
      let (index, isPlace) = (fact / 2, fact.isMultiple(of: 2))
      let needle = order[fact] * part + Int(key.split("offset").uniform(fact) * Double(part))
      tokens[needle] =
        isPlace
        ? NeedleTexts.place(key: index, name: names[index]) : NeedleTexts.holding(name: index, value: values[index])
      needles.append(needle)
      pairs[asked[fact]] =
        isPlace
        ? (NeedleTexts.firstKey + index, NeedleTexts.firstValue + values[names[index]])
        : (NeedleTexts.firstName + index, NeedleTexts.firstValue + values[index])
    }
    return Example(
      tokens: tokens, questions: pairs.map { Int64($0.question) }, answers: pairs.map { Int64($0.answer) },
      needles: needles.sorted())
  }
}
