import ArgumentParser
import Foundation

/// What a command continues.
struct PromptArgument: ParsableArguments {
  @Option(name: .shortAndLong, help: "What to continue; nothing starts a document. '-' reads standard input.")
  var prompt = ""

  /// The prompt, read from standard input where it is '-'.
  func text() -> String {
    prompt == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : prompt
  }
}
