import Foundation
import GroveCore
import GroveTokenizer
import Testing

struct ChatTemplateTests {
  static let date = TemplateDate(year: 2024, month: 7, day: 26, hour: 13, minute: 5, second: 9)
  private static let folder = Fixtures.folder.deletingLastPathComponent().appending(path: "chat")

  private func render(_ source: String, _ messages: JSONValue = []) throws -> String {
    try ChatTemplate(source, at: "t").render(messages: messages, addsGenerationPrompt: false, date: Self.date)
  }

  @Test(
    "Every conversation is rendered as transformers renders it",
    arguments: ["chatml", "tools", "headers", "turns", "brackets", "features"])
  func parity(name: String) throws {
    let fixture = try JSONValue(contentsOf: Self.folder.appending(path: "chat.json"))
    let template = try ChatTemplate(try #require(fixture["templates"]?[name]?.stringValue), at: name)
    let cases = try #require(fixture["cases"]?.arrayValue)
    for (index, expected) in try #require(fixture["results"]?[name]?.arrayValue).enumerated() {
      let one = cases[index]
      let rendered = Result {
        try template.render(
          messages: one["messages"] ?? [], tools: one["tools"] ?? .null,
          addsGenerationPrompt: one["add_generation_prompt"]?.boolValue ?? false,
          variables: one["variables"]?.objectValue ?? [], date: Self.date)
      }
      switch (rendered, expected.stringValue) {
      case (.success(let text), let expected?):
        #expect(
          text.unicodeScalars.elementsEqual(expected.unicodeScalars),
          "case \(index): \(text.debugDescription) is not \(expected.debugDescription)")
      case (.failure, nil): break
      case (.success(let text), nil): Issue.record("case \(index): \(text) where transformers refuses")
      case (.failure(let error), _?): Issue.record("case \(index): \(error)")
      }
    }
  }

  @Test(
    "White space around tags goes as trim_blocks and lstrip_blocks say",
    arguments: [
      ("a\n  {% if true %}\nb\n  {% endif %}\nc", "a\nb\nc"), ("a {%- if true -%} b {%- endif -%} c", "abc"),
      ("{{ 1 }}\nb\n", "1\nb"), ("  {{ 1 }}", "  1"), ("a {# x #}\nb", "a b"), ("  {%+ if true %}x{% endif %}", "  x"),
      ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"), ("a\r\nb", "a\nb"), ("{{ '%}' }}{{ {'a': {}} }}", "%}{'a': {}}"),
    ])
  func whiteSpace(source: String, expected: String) throws { #expect(try render(source) == expected) }

  @Test(
    "What goes wrong is said with its line",
    arguments: [
      ("a\n{{ 1 + }}", "t, line 2: expected an expression"), ("{% if x %}", "t, line 1: 'elif' is missing"),
      ("{% include 'x' %}", "t, line 1: the tag 'include' is not supported"),
      ("{{ 'a }}", "t, line 1: a string does not end"),
      ("{{ a", "t, line 1: a tag does not end"), ("\n{{ x.y }}", "t, line 2: the undefined 'x' has no 'y'"),
      ("{{ 1 + 'a' }}", "t, line 1: '+' does not go with an integer and a string"),
      ("{{ raise_exception('no') }}", "t, line 1: the template refuses: no"),
      ("{{ 1 | frob }}", "t, line 1: an integer cannot be looped over"),
      ("{{ [] | frob }}", "t, line 1: the filter 'frob' is not supported"),
      ("{{ 1 is frob }}", "t, line 1: the test 'frob' is not supported"),
      ("{{ 1 // 0 }}", "t, line 1: division by zero"),
      ("{{ 9223372036854775807 + 1 }}", "t, line 1: the result has more than 64 bits"),
      ("{{ 'a' * 99999999 }}", "t, line 1: a text is repeated 99999999 times; it would be too long"),
      ("{{ range(1000000) }}", "t, line 1: range() of more than 100000 numbers"),
      ("{{ messages.append(1) }}", "t, line 1: the undefined 'append' cannot be called"),
    ])
  func mistakes(source: String, message: String) {
    let error = #expect(throws: GroveError.self) { try render(source) }
    #expect(error?.description == message)
  }

  @Test("A template that is endless or too deep is an error, not a crash")
  func endless() {
    func message(_ source: String) -> String? {
      #expect(throws: GroveError.self) { try render(source) }?.description
    }
    #expect(
      message("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")
        == "t, line 1: the template calls itself more than 100 levels deep")
    let loops = String(repeating: "{% for i in range(1000) %}", count: 4) + String(repeating: "{% endfor %}", count: 4)
    #expect(message(loops) == "t, line 1: the template does not end: 5000000 steps were taken")
    #expect(
      message("{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}")
        == "t, line 1: a text of 33554432 bytes; the limit is 16777216")
    #expect(message("{{ " + String(repeating: "(", count: 5000)) == "t, line 1: a tag does not end")
    let deep = "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}"
    #expect(message(deep) == "t, line 1: nested deeper than 100 levels")
  }

  @Test("The template beside a tokenizer renders with its special tokens, and is written again")
  func beside() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-chat-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    let plain = try Fixtures.tokenizer()
    let end = try #require(plain.id(ofAddedToken: "<|endoftext|>"))
    try plain.assigning([.ending: end]).write(toFolder: folder)
    let error = #expect(throws: GroveError.self) {
      try plain.prompt(messages: [], addsGenerationPrompt: false, date: Self.date)
    }
    #expect(
      error?.description == "chat template: the tokenizer has none. "
        + "Put chat_template into tokenizer_config.json, or chat_template.jinja beside it.")
    try FileSystem.write("{{ messages[0].content }}{{ eos_token }}", to: folder.appending(path: "chat_template.jinja"))
    let read = try Tokenizer(contentsOf: folder)
    let prompt = try read.prompt(
      messages: [["role": "user", "content": "Hi"]], addsGenerationPrompt: false, date: Self.date)
    #expect(prompt == "Hi<|endoftext|>")
    try FileSystem.remove(folder)
    try read.write(toFolder: folder)
    #expect(try Tokenizer(contentsOf: folder).chatTemplate()?.source == "{{ messages[0].content }}{{ eos_token }}")
  }
}
