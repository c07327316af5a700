public import GroveCore

extension Tokenizer {
  /// The chat template that came with the tokenizer, parsed; nil if none did.
  /// - Throws: `GroveError` with code `.format` for a template that cannot be read.
  public func chatTemplate() throws -> ChatTemplate? {
    try parts.chatTemplate.map { try ChatTemplate($0, at: "chat template") }
  }

  /// The prompt of a conversation, as the model was trained to read it. Encode it with special tokens recognized.
  /// - Parameters:
  ///   - messages: a list of objects with `role` and `content`.
  ///   - tools: a list of objects that describe functions, or null.
  ///   - addsGenerationPrompt: whether the prompt ends where the assistant begins.
  ///   - variables: what else the template may name.
  ///   - date: what the template takes for today.
  /// - Throws: `GroveError` with code `.format`: there is no template, or the template refuses the messages.
  public func prompt(
    messages: JSONValue, tools: JSONValue = .null, addsGenerationPrompt: Bool,
    variables: [(key: String, value: JSONValue)] = [], date: TemplateDate
  ) throws -> String {
    guard let template = try chatTemplate() else {
      throw GroveError(
        .format, "chat template", "the tokenizer has none",
        remedy: "Put chat_template into tokenizer_config.json, or chat_template.jinja beside it.")
    }
    let contents = Dictionary(addedTokens.map { ($0.id, $0.content) }) { first, _ in first }
    let roles = SpecialTokenRole.allCases.compactMap { role in
      self.roles[role].flatMap { contents[$0] }.map { (key: role.rawValue, value: JSONValue.string($0)) }
    }
    return try template.render(
      messages: messages, tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: roles + variables,
      date: date)
  }
}
