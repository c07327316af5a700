import GroveCore
import GroveCorpus
import Testing

@Suite("The line scanner judges as the JSON parser does")
struct JSONLineScannerTests {
  static let seeds: [String] = [
    #"{"text": "plain words", "id": "a/1"}"#, #"{"id":7,"text":"tab\tquote\"\\\/\b\f\n\r"}"#,
    #"{"text":"\u00e9\ud83d\ude00\ud83d x \ude00 \ud83d\u0041","meta":{"a":[1,2.5e3,{"b":null}],"text":"inner"}}"#,
    #"{"text":"日本語 ünïcödé 🎉","id":null,"x":true,"y":false}"#, #"  {"te\u0078t" : "escaped key" , "text":"last"}  "#,
    #"{"n":[-0,0.0,1e5,-1.5E-7,123456789012345678901234567890]}"#, #"{}"#, #"[]"#, #""text""#, #"{"text":"a"}{"#,
    #"{"text":"a",}"#, #"{"n":01}"#, #"{"n":1e999}"#, #"{"n":-}"#, #"{"n":1.}"#, #"{"t":tru}"#, #"{"a" 1}"#, #""#,
    #"{"text":"unterminated"#, #"{"text":"bad \q escape"}"#, #"{"text":"\u12g4"}"#, "{\"text\":\"control \u{1}\"}",
    #"{"text":"\ud83d\u12g4"}"#, #"{text:"a"}"#, "{\"text\":\"a\"}\u{0}",
    #"{"n":\#(String(repeating: "9", count: 400))}"#,
  ]

  private func compare(_ line: [UInt8]) {
    var scanner = JSONLineScanner(keys: ["text", "id"])
    line.withUnsafeBufferPointer { bytes in
      let parsed = try? JSONParser.parse(bytes)
      let verdict = scanner.scan(bytes)
      let text = String(decoding: line, as: UTF8.self)
      #expect((verdict != .invalid) == (parsed != nil), "\(text)")
      guard verdict == .object, let parsed else { return }
      for (index, key) in ["text", "id"].enumerated() {
        switch scanner.fields[index] {
        case .missing: #expect(parsed[key] == nil, "\(text)")
        case .null: #expect(parsed[key] == .null, "\(text)")
        case .string(let range, let hasEscapes):
          let value = hasEscapes ? JSONLineScanner.unescaped(bytes, range) : Array(bytes[range])
          #expect(parsed[key]?.stringValue.map { Array($0.utf8) } == value, "\(text)")
        case .integer: #expect(parsed[key]?.numberValue != nil, "\(text)")
        case .other: #expect(parsed[key] != nil && parsed[key]?.stringValue == nil, "\(text)")
        }
      }
    }
  }

  @Test("Hostile lines get the same verdict and the same texts", arguments: seeds)
  func hostile(line: String) { compare(Array(line.utf8)) }

  @Test("Lines with bytes changed, lost and added at random get the same verdict and the same texts")
  func mutated() {
    var generator = RandomKey(seed: 3).generator()
    let pool: [UInt8] =
      Array(#"{}[]":,\/u0e-.truefalsn 9"#.utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xE2, 0xED, 0xF4, 0xFF, 0x0A]
    for seed in JSONLineScannerTests.seeds {
      for _ in 0..<400 {
        var line = Array(seed.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let at = Int.random(in: 0...line.count, using: &generator)
          let byte = pool.randomElement(using: &generator)!
          switch Int.random(in: 0..<3, using: &generator) {
          case 0 where at < line.count: line[at] = byte
          case 1 where at < line.count: line.remove(at: at)
          default: line.insert(byte, at: at)
          }
        }
        compare(line)
      }
    }
  }

  @Test("Every two- and three-byte string gets the same verdict, so UTF-8 is checked alike")
  func utf8() {
    let interesting: [UInt8] = [
      0x41, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
    ]
    for a in interesting {
      for b in interesting {
        for c in interesting {
          compare(Array(#"{"text":""#.utf8) + [a, b, c] + Array(#""}"#.utf8))
          compare(Array(#"{"text":""#.utf8) + [a, b, c, 0x80] + Array(#""}"#.utf8))
        }
      }
    }
  }

  @Test("Nesting is limited at the same depth", arguments: 254...259)
  func nesting(depth: Int) {
    let open = String(repeating: "[", count: depth)
    let close = String(repeating: "]", count: depth)
    compare(Array("\(open)\(close)".utf8))
    compare(Array("\(open)1\(close)".utf8))
    compare(Array("{\"a\":\(open)\(close)}".utf8))
    compare(Array("{\"a\":\(open)1\(close)}".utf8))
    compare(Array("{\"text\":\(open)1\(close)}".utf8))
  }
}
