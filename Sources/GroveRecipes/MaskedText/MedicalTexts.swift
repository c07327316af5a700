import Foundation
import GroveCore
import GroveCorpus

/// Titles, inclusion terms and notes of a classification of diseases, its names of diseases and parts of the body, and
/// words with their morphemes: see `Examples/medical`.
struct MedicalTexts: Sendable {
  /// A code's title and the terms that it includes.
  struct Synonyms: Sendable {
    let title: [String]
    let terms: [[String]]
  }

  /// A word and its parts.
  typealias Segmentation = (word: String, parts: [String])

  /// The words of each line, of documents that models may learn from.
  let training: [[String]]
  /// Of the others.
  let heldOut: [[String]]

  static let files = ["codes", "morphemes", "names", "synonyms"]

  private let folder: URL

  /// - Parameters:
  ///   - medical: the folder, seen from the corpus, unless it is absolute.
  ///   - documents: how many are read, evenly over all; 0 for all.
  init(_ medical: String, in corpus: URL, documents: Int) throws {
    folder = MedicalTexts.folder(medical, in: corpus)
    let split = try SplitRule(validationShare: 0.1, seed: 0)
    var all: [Document] = []
    try MedicalTexts.read("codes", in: folder) { all.append($0) }
    var (training, heldOut): ([[String]], [[String]]) = ([], [])
    for document in all.spread(over: documents == 0 ? all.count : documents) {
      let lines = MedicalTexts.lines(document).map(WordText.words)
      if split.split(of: document.id) == .train { training += lines } else { heldOut += lines }
    }
    (self.training, self.heldOut) = (training, heldOut)
  }

  static func folder(_ medical: String, in corpus: URL) -> URL {
    URL(
      filePath: medical, directoryHint: .isDirectory,
      relativeTo: corpus.appending(path: "", directoryHint: .isDirectory)
    )
    .standardizedFileURL
  }

  static func sources(_ medical: String, in corpus: URL) throws -> [SourceFile] {
    let folder = folder(medical, in: corpus)
    guard FileSystem.isFolder(folder) else {
      throw GroveError(
        .file, folder.path, "the medical texts are not there",
        remedy: "They stand beside the demo corpus; name another folder with --set medical=FOLDER.")
    }
    return try RecipeTexts.sources(files, in: folder)
  }

  private static func read(_ file: String, in folder: URL, _ body: (Document) -> Void) throws {
    guard let source = try RecipeTexts.sources([file], in: folder).first else { return }
    let reader = try RecipeTexts.reader(source.url)
    while let document = try reader.next() { body(document) }
  }

  private static func lines(_ document: Document) -> [Substring] {
    String(decoding: document.text, as: UTF8.self).split(separator: "\n")
  }

  /// Codes with terms, in the order of the classification.
  func synonyms() throws -> [Synonyms] {
    var all: [Synonyms] = []
    try MedicalTexts.read("synonyms", in: folder) { document in
      let lines = MedicalTexts.lines(document).map(WordText.words)
      if let title = lines.first, lines.count > 1 {
        all.append(Synonyms(title: title, terms: Array(lines.dropFirst())))
      }
    }
    return all
  }

  /// The names of diseases, then those of parts of the body.
  func names() throws -> [[String]] {
    var names: [String: [String]] = [:]
    try MedicalTexts.read("names", in: folder) { names[$0.id] = MedicalTexts.lines($0).map(String.init) }
    return ["names/disease", "names/anatomy"].map { names[$0] ?? [] }
  }

  /// Words with their morphemes: those to learn from, and others that stand in the codes.
  func morphemes() throws -> (training: [Segmentation], tests: [Segmentation]) {
    var sides: [String: [Segmentation]] = [:]
    try MedicalTexts.read("morphemes", in: folder) { document in
      sides[document.id] = MedicalTexts.lines(document).compactMap(Self.segmentation)
    }
    return (sides["morphemes/train"] ?? [], sides["morphemes/test"] ?? [])
  }

  /// "neuritis neur|itis".
  static func segmentation(_ line: Substring) -> Segmentation? {
    let fields = line.split(separator: " ")
    guard fields.count == 2 else { return nil }
    return (String(fields[0]), fields[1].split(separator: "|").map { String($0) })
  }
}
