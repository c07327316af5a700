import ArgumentParser
import Foundation
import GroveCore
import GroveTokenizer

struct TokenizerChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Render a conversation with the chat template of a tokenizer.",
    discussion: """
      MESSAGES is a JSON file with a list of {"role", "content"}, or with an object whose "messages" is that list and \
      which may have "tools". What else a template asks for comes with --variable NAME=JSON.
      """)

  @Option(help: "A folder with tokenizer.json or tokenizer.model, and the template.") var tokenizer: String
  @Argument(help: "The conversation; standard input if it is missing.") var messages: String?
  @Flag(help: "End where the assistant begins.") var generationPrompt = false
  @Flag(help: "Print the ids of the prompt instead.") var ids = false
  @Option(name: .customLong("variable"), help: "A variable of the template: --variable enable_thinking=false.")
  var variables: [String] = []
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tokenizer = try TokenizerCommand.load(tokenizer)
    let conversation = try readConversation()
    let prompt = try tokenizer.prompt(
      messages: conversation["messages"] ?? conversation, tools: conversation["tools"] ?? .null,
      addsGenerationPrompt: generationPrompt, variables: variables.map(TemplateVariables.parsed),
      date: TemplateDate.today())
    guard ids else { return output.show(prompt, json: ["prompt": .string(prompt)]) }
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    let ids = encoder.encode(prompt)
    output.show(
      ids.map(String.init).joined(separator: " "),
      json: ["prompt": .string(prompt), "ids": .array(ids.map { .integer(Int($0)) })])
  }

  private func readConversation() throws -> JSONValue {
    if let messages { return try JSONValue(contentsOf: URL(filePath: messages)) }
    return try JSONValue(parsing: FileHandle.standardInput.readToEnd() ?? Data(), at: "standard input")
  }
}
