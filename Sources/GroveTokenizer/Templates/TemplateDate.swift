/// A moment as a template may write it, without a zone.
public struct TemplateDate: Sendable, Hashable {
  public var year: Int
  /// 1 to 12.
  public var month: Int
  /// 1 to 31.
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int

  /// A moment.
  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// 0 for a Sunday (Sakamoto's rule).
  private var weekday: Int {
    let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let year = month < 3 ? self.year - 1 : self.year
    return (year + year / 4 - year / 100 + year / 400 + shifts[(month - 1) % 12] + day) % 7
  }

  /// The text that `strftime` gives in the C locale, for the directives of dates and times.
  func formatted(_ format: String, at line: Int) throws -> String {
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    var output = ""
    var isDirective = false
    var isBare = false
    for character in format.unicodeScalars {
      guard isDirective else {
        if character == "%" { isDirective = true } else { output.unicodeScalars.append(character) }
        continue
      }
      if character == "-", !isBare {
        isBare = true
        continue
      }
      let width = isBare ? 1 : 2
      switch character {
      case "Y": output += String(year)
      case "y": output += padded(year % 100, width)
      case "m": output += padded(month, width)
      case "d": output += padded(day, width)
      case "e": output += (day < 10 && !isBare ? " " : "") + String(day)
      case "H": output += padded(hour, width)
      case "I": output += padded((hour + 11) % 12 + 1, width)
      case "M": output += padded(minute, width)
      case "S": output += padded(second, width)
      case "p": output += hour < 12 ? "AM" : "PM"
      case "B": output += TemplateDate.months[(month - 1) % 12]
      case "b", "h": output += TemplateDate.months[(month - 1) % 12].prefix(3)
      case "A": output += TemplateDate.days[weekday]
      case "a": output += TemplateDate.days[weekday].prefix(3)
      case "F": output += "\(year)-\(padded(month))-\(padded(day))"
      case "T": output += "\(padded(hour)):\(padded(minute)):\(padded(second))"
      case "%": output += "%"
      default: throw TemplateProblem(line: line, problem: "strftime_now: %\(character) is not supported")
      }
      (isDirective, isBare) = (false, false)
    }
    return output
  }
}
