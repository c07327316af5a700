import ArgumentParser
import Foundation
import GroveCore

/// GroveTensor has an `Argument` too; in this target the word means the parser's.
typealias Argument = ArgumentParser.Argument

/// How a command shows its result.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON.") var json = false
  @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

  /// Prints a result: the text for people, or the JSON.
  func show(_ text: @autoclosure () throws -> String, json value: @autoclosure () throws -> JSONValue) rethrows {
    print(json ? try value().prettyText : try text())
  }
}

/// Standard error, for progress and warnings.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) != 0

  static func note(_ text: String) { write(text + "\n") }
  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Columns of the terminal; 80 where there is none.
  static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
