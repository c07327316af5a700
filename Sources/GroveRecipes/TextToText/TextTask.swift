import Foundation
import GroveCorpus

/// A task whose answer is a text, told by the prefix of its question.
enum TextTask: String, CaseIterable, Sendable {
  /// Pages of the manual: the program that they are about.
  case section
  /// Chapters of scripture: the group of their book.
  case books
  /// A word with its gloss: its part of speech.
  case words
  /// Pages of the manual: their title.
  case title

  /// What stands in front of every question.
  var prefix: String { "\(rawValue): " }

  /// The texts that an answer can be; empty where it can be any.
  var classes: [String] {
    switch self {
    case .section: PassageTask.section.classes
    case .books: PassageTask.books.classes
    case .words: ["noun", "verb", "adj", "adv"]
    case .title: []
    }
  }

  /// The questions and answers of a document, without the prefix: as many as it gives.
  func examples(_ document: Document) -> [(question: String, answer: String)] {
    let text = String(decoding: document.text, as: UTF8.self)
    switch self {
    case .section: return byDocument(.section, document.id, text)
    case .books: return byDocument(.books, document.id, text)
    case .words: return text.split(separator: "\n").compactMap(gloss)
    case .title:
      let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
      return lines.count == 2 && lines[0].count <= 40 ? [(lines[1], lines[0])] : []
    }
  }

  private func byDocument(_ task: PassageTask, _ id: String, _ text: String) -> [(question: String, answer: String)] {
    guard let label = task.label(of: id) else { return [] }
    // Passages from all over the document; what is too long for a question is cut off later.
    let lines = text.split(separator: "\n")
    return stride(from: 0, to: lines.count, by: 4).map { start in
      (lines[start..<min(start + 8, lines.count)].joined(separator: "\n"), task.classes[label])
    }
  }

  /// "pinfish (noun): similar to sea bream" as ("pinfish: similar to sea bream", "noun").
  private func gloss(_ line: Substring) -> (question: String, answer: String)? {
    for name in classes {
      if let mark = line.range(of: " (\(name)): ") {
        return ("\(line[..<mark.lowerBound]): \(line[mark.upperBound...])", name)
      }
    }
    return nil
  }
}
