import Foundation
import GroveCore
import GroveCorpus

/// The held-out documents of a recipe about experts in two parts: those that judge, and those that weights and priors are
/// estimated on.
struct ExpertText: Sendable {
  /// By domain, the domains by name.
  let judged: HeldOutText
  /// By domain, at most as many tokens as the config says.
  let development: [String: [TokenizedDocument]]

  /// - Parameter domains: streams; those that no expert reads too.
  /// - Throws: `GroveError` with code `.argument` that names a domain which one of the parts has nothing of.
  init(_ settings: ExpertTrainingConfig, shards: URL, domains: [String]) throws {
    let key = RandomKey(seed: 0).split("development")
    let all = try HeldOutText(shards, domains: domains, contextLength: settings.contextLength)
    func isForDevelopment(_ document: TokenizedDocument) -> Bool {
      key.split(document.id).uniform(0) < settings.developmentShare
    }
    judged = all.only { !isForDevelopment($0) }
    development = Dictionary(grouping: all.documents.filter(isForDevelopment), by: \.domain).mapValues { documents in
      var tokens = 0
      return Array(
        documents.prefix { document in
          defer { tokens += document.tokens.count }
          return tokens < settings.developmentTokens
        })
    }
    let judging = Set(judged.documents.map(\.domain))
    if let domain = domains.first(where: { !judging.contains($0) || development[$0] == nil }) {
      throw GroveError(
        .argument, "heldOutShare", "no document of '\(domain)' is held out to judge, or none to estimate weights on",
        remedy: "Hold out a larger share, or give more documents.")
    }
  }
}

extension RecipeTexts {
  /// Writes the training documents of some streams once more, divided otherwise: a domain "NAME-0", "NAME-1", … for each
  /// part.
  /// - Returns: the names of the domains.
  /// - Throws: `GroveError` with code `.argument` for a part without a document.
  @discardableResult
  func divide(
    _ streams: [String], as name: String, into count: Int, split: SplitRule, part: (Document) -> Int
  ) throws -> [String] {
    let names = RecipeTexts.parts(name, count)
    for (index, domain) in names.enumerated() {
      var readers = try streams.map { try RecipeTexts.reader(file($0)) }
      var documents = 0
      try write(domain) {
        while let reader = readers.first {
          guard let document = try reader.next() else {
            readers.removeFirst()
            continue
          }
          guard split.split(of: document.id) == .train, part(document) == index else { continue }
          documents += 1
          return (document.id, String(decoding: document.text, as: UTF8.self))
        }
        return nil
      }
      if documents == 0 {
        throw GroveError(
          .argument, name, "part \(index) of \(count) has no document",
          remedy: "Ask for fewer parts, or give more documents.")
      }
    }
    return names
  }

  /// The names of the domains that `divide` writes.
  static func parts(_ name: String, _ count: Int) -> [String] { (0..<count).map { "\(name)-\($0)" } }

  /// A part that depends on the document's id alone.
  static func randomPart(of id: String, _ count: Int) -> Int {
    Int(RandomKey(seed: 0).split("random parts").split(id).bits(0).multipliedFullWidth(by: UInt64(count)).high)
  }
}
