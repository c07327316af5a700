public import GroveCore

/// A chat template: Jinja as the `chat_template` of a `tokenizer_config.json` uses it, run as `transformers` runs it.
///
/// There are expressions, filters, tests, `for` (with `loop`, conditions, `else`, `break`, `continue`), `if`, `set`,
/// `namespace`, `macro`, `filter`, `generation`, `raw`, `raise_exception` and `strftime_now`. Where we differ: no
/// inheritance, inclusion or recursive loops, integers of 64 bits, and a bound on steps, depth and output, so that every
/// rendering ends.
public struct ChatTemplate: Sendable {
  /// The template's text.
  public let source: String
  private let nodes: [TemplateNode]
  private let place: String

  /// Parses a template.
  /// - Parameter place: what errors call it.
  /// - Throws: `GroveError` with code `.format`, which names the line.
  public init(_ source: String, at place: String) throws {
    self.source = source
    self.place = place
    nodes = try ChatTemplate.naming(place) { try TemplateParser.parse(source) }
  }

  /// Renders a conversation.
  /// - Parameters:
  ///   - messages: a list of objects with `role` and `content`.
  ///   - tools: a list of objects that describe functions, or null.
  ///   - addsGenerationPrompt: whether the text ends where the assistant begins.
  ///   - variables: what else the template may name: `bos_token`, `enable_thinking` and so on.
  ///   - date: what `strftime_now` tells.
  /// - Throws: `GroveError` with code `.format`, which names the line: what `raise_exception` says, a value of the wrong
  ///   kind, or a template that does not end.
  public func render(
    messages: JSONValue, tools: JSONValue = .null, addsGenerationPrompt: Bool,
    variables: [(key: String, value: JSONValue)] = [], date: TemplateDate
  ) throws -> String {
    let all: [(key: String, value: JSONValue)] =
      [
        ("messages", messages), ("tools", tools), ("documents", .null),
        ("add_generation_prompt", .bool(addsGenerationPrompt)),
      ] + variables
    return try ChatTemplate.naming(place) {
      var renderer = TemplateRenderer(all.map { ($0.key, TemplateValue($0.value)) }, date: date)
      return try renderer.render(nodes)
    }
  }

  private static func naming<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let problem as TemplateProblem {
      throw GroveError(.format, "\(place), line \(problem.line)", problem.problem)
    }
  }
}
