import ArgumentParser
import Foundation
import GroveCore

/// How a command shows its result.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.") var json = false
  @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

  /// Prints a result: the text for people, or the JSON.
  func show(_ text: @autoclosure () -> String, json value: @autoclosure () -> JSONValue) {
    print(json ? value().prettyText : text())
  }
}

/// Standard error, for progress and warnings.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) != 0

  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Columns of the terminal; 80 where there is none.
  static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
