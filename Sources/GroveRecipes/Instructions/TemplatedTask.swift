/// A task that is asked in a language, by one of two templates.
public struct TemplatedTask: Instruction, Hashable {
  /// Of the word that names the task.
  public enum Language: String, Codable, CaseIterable, Sendable {
    case en, de, es, fr, ru
  }

  /// Where the word stands.
  public enum Template: String, CaseIterable, Sendable {
    /// "sort: c a b"
    case before
    /// "c a b (sort)"
    case after
  }

  public let task: InstructionTask
  public let language: Language
  public let template: Template

  public init(_ task: InstructionTask, in language: Language, by template: Template) {
    self.task = task
    self.language = language
    self.template = template
  }

  /// Tasks in languages, by both templates.
  static func all(_ tasks: [InstructionTask], in languages: [Language]) -> [TemplatedTask] {
    languages.flatMap { language in
      tasks.flatMap { task in Template.allCases.map { TemplatedTask(task, in: language, by: $0) } }
    }
  }

  public var name: String { "\(task.rawValue)-\(language.rawValue)-\(template.rawValue)" }

  public func prompt(_ letters: [String]) -> String {
    let list = letters.joined(separator: " ")
    return switch template {
    case .before: "\(word): \(list)\n="
    case .after: "\(list) (\(word))\n="
    }
  }

  public func response(_ letters: [String]) -> String { task.response(letters) }

  /// What the task is called in the language.
  public var word: String {
    guard let words = TemplatedTask.words[task], language != .en else { return task.rawValue }
    return switch language {
    case .en: task.rawValue
    case .de: words.de
    case .es: words.es
    case .fr: words.fr
    case .ru: words.ru
    }
  }

  /// A task whose word is the same everywhere is left out.
  private static let words: [InstructionTask: (de: String, es: String, fr: String, ru: String)] = [
    .echo: ("wiederholen", "repetir", "répéter", "повторить"),
    .upper: ("großbuchstaben", "mayúsculas", "majuscules", "заглавные"),
    .reverse: ("umkehren", "invertir", "inverser", "обратить"),
    .first: ("erster", "primero", "premier", "первый"),
    .last: ("letzter", "último", "dernier", "последний"),
    .count: ("zählen", "contar", "compter", "сосчитать"),
    .sort: ("sortieren", "ordenar", "trier", "сортировать"),
    .dash: ("strich", "guion", "tiret", "черта"),
    .quote: ("anführungszeichen", "comillas", "guillemets", "кавычки"),
    .double: ("verdoppeln", "duplicar", "doubler", "удвоить"),
    .exclaim: ("ausrufen", "exclamar", "exclamer", "восклицание"),
  ]
}
