public import GroveCore

/// What one side of a conversation said.
public struct ChatMessage: Sendable, Equatable {
  /// `system`, `user`, `assistant`, or another name that the template knows.
  public var role: String
  public var content: String

  /// A message as given.
  public init(role: String, content: String) { (self.role, self.content) = (role, content) }

  /// As chat templates and transcripts have it.
  public var json: JSONValue { ["role": .string(role), "content": .string(content)] }

  /// The messages of a transcript: a list of objects with `role` and `content`.
  /// - Throws: `GroveError` with code `.format`, which names the message.
  public static func list(_ json: JSONValue, at place: String) throws -> [ChatMessage] {
    guard let list = json.arrayValue else {
      throw GroveError(.format, place, "is not a list of messages", remedy: "A message is {\"role\", \"content\"}.")
    }
    return try list.enumerated().map { index, message in
      guard let role = message["role"]?.stringValue, let content = message["content"]?.stringValue else {
        throw GroveError(.format, "\(place) › [\(index)]", "has no role and content that are texts")
      }
      return ChatMessage(role: role, content: content)
    }
  }
}
