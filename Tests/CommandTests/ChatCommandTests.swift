import Foundation
import GroveCore
import GroveModel
import GroveTesting
import GroveTokenizer
import Testing

@Suite("grove chat")
struct ChatCommandTests {
  private static let template =
    "{% for m in messages %}<|s|>{{ m.role }}:{{ m.content }}<|e|>{% endfor %}"
    + "{% if add_generation_prompt %}<|s|>assistant:{% endif %}"

  /// A model of random weights that can be talked with, in the folder `m`.
  private static func makeModel(_ tool: GroveTool, template: String? = template) throws {
    // Characters alone: whatever a model of random weights writes is read as the tokens that it wrote.
    let characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ :.,;!?'-_".map { String($0) }
    let tokens = ["<|s|>", "<|e|>"] + characters
    let special: [JSONValue] = (0...1).map { ["id": .integer($0), "content": .string(tokens[$0]), "special": true] }
    let tokenizer: JSONValue = [
      "added_tokens": .array(special), "decoder": ["type": "Fuse"],
      "model": ["type": "BPE", "vocab": .object(tokens.enumerated().map { ($1, .integer($0)) }), "merges": []],
    ]
    var config = TinyModel.config(.llama)
    config.vocabularySize = tokens.count
    config.contextLength = 160
    let folder = tool.path("m")
    try FileSystem.makeFolder(folder)
    let model = try GroveModel.makeModel(config, weights: .random(RandomKey(seed: 2)))
    try ModelFolder.save(model, endOfText: 1, to: folder)
    try FileSystem.write(tokenizer.text, to: folder.appending(path: Tokenizer.fileName))
    let settings: JSONValue = ["eos_token": "<|e|>", "chat_template": template.map { .string($0) } ?? .null]
    try FileSystem.write(settings.text, to: folder.appending(path: "tokenizer_config.json"))
  }

  private static let options = ["--temperature", "0", "--max-tokens", "8"]

  private func chat(
    _ tool: GroveTool, _ more: String..., lines: [String] = []
  ) throws -> GroveTool.Result {
    let command =
      lines.isEmpty ? [] : ["/bin/sh", "-c", "printf '%s\\n' \(lines.joined(separator: " ")) | \"$@\"", "sh"]
    return try tool.start(["chat", "m"] + Self.options + more, wrapper: command).result()
  }

  @Test("A transcript goes on where it stopped: two turns in one process are two processes of one turn")
  func transcript() throws {
    try GroveTool.with { tool in
      try Self.makeModel(tool)
      let both = try chat(
        tool, "--json", "--transcript", "a.json", "--system", "Be brief.", lines: ["Hi", "Why", "/exit", "no"])
      #expect(both.code == 0 && both.errors == "")
      let answers = try both.output.split(separator: "\n").map { try JSONValue(parsing: $0.utf8, at: "line") }
      try #require(answers.count == 2)
      for (answer, text) in zip(answers, ["Hi", "Why"]) {
        let one = try chat(tool, "--json", "--transcript", "b.json", "--system", "Be brief.", "--prompt", text)
        #expect(one.code == 0 && one.errors == "")
        #expect(try one.json["answer"] == answer["answer"])
        #expect(try one.json["promptTokens"] == answer["promptTokens"])
      }
      let transcript = try JSONValue(contentsOf: tool.path("a.json"))
      #expect(transcript == (try JSONValue(contentsOf: tool.path("b.json"))))
      #expect(
        transcript.arrayValue?.map { $0["role"]?.stringValue } == ["system", "user", "assistant", "user", "assistant"])
      // The second turn of one process computes less than its prompt has.
      let (prompt, computed) = (answers[1]["promptTokens"]?.integerValue, answers[1]["computedTokens"]?.integerValue)
      #expect(try #require(computed) < #require(prompt))
    }
  }

  @Test("The text streams to standard output; the end of the input ends the conversation")
  func text() throws {
    try GroveTool.with { tool in
      try Self.makeModel(tool)
      let answer = try chat(tool, "--json", "--prompt", "Hi").json["answer"]?.stringValue
      let shown = try chat(tool, lines: ["Hi"])
      #expect(shown.code == 0 && shown.errors == "")
      #expect(shown.output == (answer ?? "") + "\n")
      #expect(try chat(tool).output == "")
    }
  }

  @Test("A context that fills up is said, with what to do")
  func contextFull() throws {
    try GroveTool.with { tool in
      try Self.makeModel(tool)
      let full = try tool(
        "chat", "m", "--temperature", "0", "--context", "34", "--prompt", "Hi", "--json", "--max-tokens", "99")
      #expect(full.code == 0)
      #expect(try full.json["finish"] == "contextFull")
      #expect(
        full.errors
          == "The context is full: the answer ends here. Begin a new conversation, or give a longer --context if "
          + "the model has one.\n")
      let none = try chat(tool, "--context", "8", "--prompt", "Hi")
      #expect(none.code == 1)
      #expect(
        none.errors == "Error: conversation: 20 tokens leave no room for an answer in a context of 8. "
          + "Begin a new conversation, or give a longer context if the model has one.\n")
    }
  }

  @Test(
    "What goes wrong is said in words",
    arguments: [
      (["--transcript", "t.json"], "Error: DIR/t.json › [0]: has no role and content that are texts\n"),
      (
        ["--transcript", "s.json", "--system", "b"],
        "Error: --system: s.json began with another one. Leave --system out, or name another transcript.\n"
      ),
      (["--transcript", "x.json"], "Error: DIR/x.json: not JSON at line 1, column 1: expected a value\n"),
      (["--variable", "x"], "Error: --variable x: there is no '='. Write it as --variable NAME=VALUE.\n"),
      (["--top-p", "2"], "Error: topP: 2.0 is outside (0, 1]\n"),
      (["--context", "1"], "Error: context: 1 is outside 2...9223372036854775807, the positions of the model\n"),
    ])
  func refused(options: [String], message: String) throws {
    try GroveTool.with { tool in
      try Self.makeModel(tool)
      try FileSystem.write("[{\"role\": \"user\"}]", to: tool.path("t.json"))
      try FileSystem.write("[{\"role\": \"system\", \"content\": \"a\"}]", to: tool.path("s.json"))
      try FileSystem.write("x", to: tool.path("x.json"))
      let result = try tool(["chat", "m", "--prompt", "Hi"] + options)
      #expect(result.code == 1)
      #expect(result.errors == message)
      #expect(result.output == "")
    }
  }

  @Test("A model without a chat template, and one that is none, are refused")
  func noTemplate() throws {
    try GroveTool.with { tool in
      try Self.makeModel(tool, template: nil)
      let result = try chat(tool, "--prompt", "Hi")
      #expect(result.code == 1)
      #expect(
        result.errors == "Error: chat template: the tokenizer has none. "
          + "Put chat_template into tokenizer_config.json, or chat_template.jinja beside it.\n")
      let missing = try tool("chat", "nothing", "--prompt", "Hi")
      #expect(missing.code == 1)
      #expect(missing.errors == "Error: DIR/nothing/tokenizer.json: cannot read: no such file or directory\n")
      #expect(try tool("chat").code == 64)
    }
  }
}
