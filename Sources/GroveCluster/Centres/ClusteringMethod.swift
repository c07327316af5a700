/// How documents are divided while centres are sought.
public enum ClusteringMethod: String, Codable, CaseIterable, Sendable {
  /// k-means in which clusters have equal sizes, to one document (Gururangan et al. 2023, arXiv:2303.14177 §2.1).
  case balanced
  /// Lloyd's k-means, whose clusters have the sizes that they come to.
  case plain
  /// By a draw from the document's id: the control that no text decides.
  case random
}
