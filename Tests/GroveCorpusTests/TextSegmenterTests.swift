import Foundation
import GroveCore
import GroveCorpus
import GroveTesting
import Testing

@Suite("Programs that mark morphemes")
struct TextSegmenterTests {
  /// Puts a bar behind every vowel.
  private static let vowels = #"exec sed -u 's/[aeiou]/&|/g'"#

  private func segment(_ command: String, _ text: String) throws -> String {
    String(decoding: try TextSegmenter(command, separator: "|").segmented(Array(text.utf8)), as: UTF8.self)
  }

  @Test("Every line goes through the program; without separators the text is what it was")
  func lines() throws {
    #expect(try segment(Self.vowels, "banana\n\n xyz\nou\n") == "ba|na|na|\n\n xyz\no|u|\n")
    #expect(try segment(Self.vowels, "") == "")
    let long = String(repeating: "ka", count: 100_000)
    #expect(try segment(Self.vowels, long) == String(repeating: "ka|", count: 100_000))
  }

  @Test(
    "A program that fails is named, with the line",
    arguments: [
      ("exit 3", "segmenter 'exit 3', line 1: ended with the code 3. It must read until its input ends."),
      (
        "read x; echo \"$x\"; exit 1",
        "segmenter 'read x; echo \"$x\"; exit 1', line 2: ended with the code 1. It must read until its input ends."
      ),
      (
        "exec sed -u 's/b/c/'",
        "segmenter 'exec sed -u 's/b/c/'', line 1: wrote another text than it read: \"ca\". "
          + "Without separators each line must be the one that went in, spaces and all."
      ),
    ])
  func refused(command: String, message: String) {
    let error = #expect(throws: GroveError.self) { try segment(command, "ba\nba\nba") }
    #expect(error?.description == message)
  }

  @Test("A tokenizer that a program's separators trained is that of marked documents")
  func training() throws {
    try Fixtures.withTemporaryFolder { folder throws in
      func train(_ text: String, _ kind: CorpusTokenizer.Kind) throws -> String {
        let file = folder.appending(path: "a.jsonl")
        let line: JSONValue = ["id": "a", "text": .string(text)]
        try FileSystem.write(line.text + "\n", to: file)
        return try CorpusTokenizer.train(
          CorpusFiles([file]), ReadingOptions(domain: .fileName, brokenLines: .fail),
          split: SplitRule(validationShare: 0, seed: 0),
          kind: kind, vocabularySize: 300, onProblem: { _ in }, onProgress: { _ in }
        ).fingerprint
      }
      let plain = "banana banana nanana kanaka kanaka\nbanana kanaka"
      let marked = plain.replacing("a", with: "a|")
      let program = CorpusTokenizer.Kind.segmented(by: Self.vowels, separator: "|")
      #expect(try train(plain, program) == train(marked, .morphemes(separator: "|")))
      #expect(try train(plain, program) != train(plain, .bytePair))
    }
  }
}
