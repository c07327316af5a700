public import GroveCluster
import GroveCore

extension ForestManifest {
  /// The expert that a tree of languages puts nearest to a new language.
  public struct Relative: Equatable, Sendable {
    public var expert: String
    /// Of its languages the one that is nearest.
    public var language: String
    /// At which the two join in the tree.
    public var distance: Double
  }

  /// The expert whose language joins with a new one first in the tree by typology: the parent of the new language's
  /// expert in hierarchical rounds (X-ELM, Blevins et al. 2024, arXiv:2401.10440, §3.3).
  /// - Parameters:
  ///   - languages: of experts, by name. An expert without an entry speaks the language of its name or of its domains,
  ///     where the table has them.
  ///   - table: features of all these languages; they make the tree.
  /// - Throws: `GroveError` with code `.argument` if an expert or a language is not there, or nobody's language is known.
  public func relative(
    of language: String, languages: [String: [String]], table: FeatureTable, in folder: ForestFolder
  ) throws -> Relative {
    for name in languages.keys.sorted() { _ = try expert(name, in: folder) }
    var speakers: [String: String] = [:]
    for expert in experts {
      let known = languages[expert.name] ?? ([expert.name] + expert.domains).filter(table.names.contains)
      for spoken in known where speakers[spoken] == nil { speakers[spoken] = expert.name }
    }
    guard !speakers.isEmpty else {
      throw GroveError(
        .argument, folder.url.path, "no expert is named like a language of the table",
        remedy: "Say which languages the experts have read: --languages \(experts.first?.name ?? "EXPERT")=LANGUAGE.")
    }
    // The forest may know the language already: another expert for it begins from that one.
    if let own = speakers[language] { return Relative(expert: own, language: language, distance: 0) }
    let tree = try LanguageTree(table, languages: speakers.keys.sorted() + [language])
    let nearest = try tree.nearest(to: language, among: speakers.keys.sorted())
    return Relative(expert: speakers[nearest.name] ?? "", language: nearest.name, distance: nearest.distance)
  }
}
