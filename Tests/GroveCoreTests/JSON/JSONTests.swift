import Foundation
import GroveCore
import Testing

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8, at: "a.json") }

  @Test(
    "Parsing what was written gives the same value, compact and pretty",
    arguments: [
      nil, true, false, 0, -1, .integer(.max), .integer(.min), 0.1, -0.0, 1e-300, 1.7976931348623157e308,
      .number(.leastNonzeroMagnitude), "",
      "plain", "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}", "한국어 Русский 👩‍👩‍👧 \u{10FFFF}", [], [[], [[]], nil, 1, "a"],
      .object([]), .object([("b", 1), ("a", [.object([("", nil)])]), ("é\n", 2.5)]),
    ] as [JSONValue])
  func roundTrip(value: JSONValue) throws {
    #expect(try parse(value.text) == value)
    #expect(try parse(value.prettyText) == value)
  }

  @Test("A thousand random trees survive, and their text agrees with Foundation's parser")
  func randomTrees() throws {
    var generator = RandomKey(seed: 11).generator()
    for _ in 0..<1000 {
      let value = randomValue(depth: 4, &generator)
      #expect(try parse(value.text) == value)
      #expect(throws: Never.self) {
        try JSONSerialization.jsonObject(with: Data(value.prettyText.utf8), options: .fragmentsAllowed)
      }
    }
  }

  @Test("Keys keep their order, the last of equal keys is found, numbers keep their kind")
  func facts() throws {
    let value = try parse(#" {"b": 1, "a": [1.0, 1e2, 12345678901234567890], "b": "\u00e9\ud83d\ude00\ud800"} "#)
    #expect(value.objectValue?.map(\.key) == ["b", "a", "b"])
    #expect(value["b"]?.stringValue == "é😀\u{FFFD}")
    #expect(value["a"] == [1.0, 100.0, .number(12_345_678_901_234_567_168)])
    #expect(value["a"]?.arrayValue?[1].integerValue == 100)
    #expect(value["missing"] == nil)
    #expect(JSONValue.number(.nan).text == "null")
    #expect(JSONValue.object([("a", [1, 2]), ("b", .object([]))]).text == #"{"a":[1,2],"b":{}}"#)
    #expect(
      JSONValue.object([("a", [1]), ("b", [])]).prettyText == """
        {
          "a": [
            1
          ],
          "b": []
        }
        """)
  }

  @Test(
    "What is not JSON is refused by line and column",
    arguments: [
      ("", "line 1, column 1: the text ends where a value should stand"),
      ("[1,\n 2,]", "line 2, column 4: expected a value"),
      ("{\"a\" 1}", "line 1, column 6: expected ':' after the key \"a\""),
      ("{a: 1}", "line 1, column 2: expected a key in quotes"),
      ("{\"a\": 1,}", "line 1, column 9: expected a key in quotes"),
      ("[1 2]", "line 1, column 4: expected ',' or ']'"),
      ("{\"a\": 1 \"b\"}", "line 1, column 9: expected ',' or '}'"),
      ("nul", "line 1, column 1: unknown word; expected a value"),
      ("True", "line 1, column 1: expected a value"),
      ("01", "line 1, column 1: a number may not start with 0"),
      ("+1", "line 1, column 1: expected a value"),
      ("1.", "line 1, column 3: expected a digit after '.'"),
      ("1e", "line 1, column 3: expected a digit in the exponent"),
      ("1e400", "line 1, column 1: the number 1e400 is too large"),
      ("NaN", "line 1, column 1: expected a value"),
      ("\"abc", "line 1, column 1: the string does not end"),
      ("\"a\nb\"", "line 1, column 3: a control character stands in a string; it must be escaped"),
      ("\"\\x\"", "line 1, column 3: unknown escape"),
      ("\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits after \\u"),
      ("1 2", "line 1, column 3: more text after the value"),
      ("// no", "line 1, column 1: expected a value"),
    ])
  func refusals(text: String, expected: String) {
    #expect(message { try parse(text) } == "a.json: not JSON at \(expected)")
  }

  @Test("Bytes that are no UTF-8 are refused, with and without escapes beside them")
  func notText() {
    let plain: [UInt8] = [0x22, 0x61, 0xFF, 0x22]
    let escaped: [UInt8] = [0x22, 0x5C, 0x6E, 0xC0, 0xAF, 0x22]
    for bytes in [plain, escaped] {
      #expect(
        message { try JSONValue(parsing: bytes, at: "a.json") }
          == "a.json: not JSON at line 1, column 2: the string is not UTF-8")
    }
  }

  @Test("Deep nesting is refused, not run into", arguments: ["[", "{\"a\":"])
  func depth(opening: String) {
    let text = String(repeating: opening, count: 100_000)
    #expect(message { try parse(text) }?.hasSuffix("nested deeper than 256 levels") == true)
  }

  private func randomValue(depth: Int, _ generator: inout RandomGenerator) -> JSONValue {
    func text() -> String {
      String(
        String.UnicodeScalarView(
          (0..<Int.random(in: 0..<8, using: &generator)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator))
          }))
    }
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: return nil
    case 1: return .bool(Bool.random(using: &generator))
    case 2: return .integer(Int.random(in: .min ... .max, using: &generator))
    case 3:
      let number = Double(bitPattern: generator.next())
      return .number(number.isFinite ? number : 1)
    case 4: return .string(text())
    case 5: return .array((0..<3).map { _ in randomValue(depth: depth - 1, &generator) })
    default: return .object((0..<3).map { _ in (text(), randomValue(depth: depth - 1, &generator)) })
    }
  }
}
