/// The paper that a recipe makes runnable.
public struct Paper: Codable, Equatable, Sendable {
  public var title: String
  /// As a reader cites them: "Biderman et al."
  public var authors: String
  public var year: Int
  /// "2304.01373"; empty where there is none.
  public var arXiv: String

  public init(title: String, authors: String, year: Int, arXiv: String) {
    self.title = title
    self.authors = authors
    self.year = year
    self.arXiv = arXiv
  }

  /// "Biderman et al. 2023, “Pythia: …”, arXiv:2304.01373".
  public var citation: String {
    "\(authors) \(year), “\(title)”" + (arXiv.isEmpty ? "" : ", arXiv:\(arXiv)")
  }
}
