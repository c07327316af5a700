import Foundation
import GroveCore
import GroveTokenizer

/// Variables of a chat template from the command line.
enum TemplateVariables {
  /// `NAME=VALUE`; a value that is no JSON is a text.
  static func parsed(_ text: String) throws -> (key: String, value: JSONValue) {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw GroveError(
        .argument, "--variable \(text)", "there is no '='", remedy: "Write it as --variable NAME=VALUE.")
    }
    let value = String(text[text.index(after: equals)...])
    return (String(text[..<equals]), (try? JSONValue(parsing: Array(value.utf8), at: text)) ?? .string(value))
  }
}

extension TemplateDate {
  /// Now, where this machine is.
  static func today() -> TemplateDate {
    let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute, .second], from: Date())
    return TemplateDate(
      year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1, hour: parts.hour ?? 0,
      minute: parts.minute ?? 0, second: parts.second ?? 0)
  }
}
