import GroveCore
import GroveDecode
import GroveModel
import GroveTensor
import GroveTesting
import GroveTokenizer
import Testing

@Suite("Conversations")
struct ConversationTests {
  private static let template = """
    {% for m in messages %}<|im_start|>{{ m.role }}
    {{ m.content }}<|im_end|>
    {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
    {% endif %}
    """
  /// Writes answers otherwise than they were given.
  private static let shouting = template.replacing("{{ m.content }}", with: "{{ m.content | upper }}")
  private static let questions = ["Hello!", "And then?", "1 + 1 = 한국어", "\n"]

  private static func tokenizer(_ template: String = template) throws -> Tokenizer {
    var trainer = try BytePairTrainer(
      .init(
        vocabularySize: 258, minimumFrequency: 0, specialTokens: ["<|im_start|>", "<|im_end|>"], preTokenizer: .gpt2,
        malformed: .keeping, wordMemoryBytes: 1 << 20))
    trainer.count("ab")
    return trainer.train().assigning(chatTemplate: template)
  }

  private static func settings(context: Int = 400, maximumTokens: Int? = 20) -> Conversation.Settings {
    Conversation.Settings(
      sampler: .greedy, random: RandomKey(seed: 1), maximumTokens: maximumTokens, context: context,
      date: TemplateDate(year: 2024, month: 7, day: 26, hour: 0, minute: 0, second: 0))
  }

  private static func scorer(_ tokenizer: Tokenizer) throws -> LetterScorer {
    let end = try #require(tokenizer.id(ofAddedToken: "<|im_end|>"))
    var encoder = tokenizer.encoder(specialTokens: .asText, malformed: .keeping)
    let letters = encoder.encode("abcdefghijklmnopqrstuvwxyz").map { Int($0) }
    return LetterScorer(vocabularySize: tokenizer.vocabularySize, letters: letters, end: Int(end))
  }

  private static func conversation(
    _ template: String = template, _ settings: Conversation.Settings = settings(), messages: [ChatMessage] = []
  ) throws -> (conversation: Conversation, scorer: LetterScorer) {
    let tokenizer = try tokenizer(template)
    let scorer = try scorer(tokenizer)
    return (try Conversation(scorer, tokenizer, settings, messages: messages), scorer)
  }

  @Test("Turn by turn is all at once, whatever the template makes of answers", arguments: [template, shouting])
  func turns(template: String) throws {
    let (whole, _) = try Self.conversation(template)
    for question in Self.questions {
      let before = whole.messages
      let answer = try whole.answer(to: question) { _ in }
      let (again, _) = try Self.conversation(template, messages: before)
      #expect(try again.answer(to: question) { _ in }.text == answer.text)
      #expect(again.messages == whole.messages)
    }
    #expect(whole.messages.map(\.role) == Array(repeating: ["user", "assistant"], count: 4).flatMap { $0 })
    #expect(Set(whole.messages.map(\.content)).count == 8)
  }

  @Test("A turn computes its own tokens only, and each of them once")
  func computed() throws {
    let (conversation, scorer) = try Self.conversation()
    var total = 0
    for question in Self.questions {
      let answer = try conversation.answer(to: question) { _ in }
      total += answer.computedCount
      #expect(scorer.computedCount == total)
      #expect(answer.computedCount <= question.utf8.count + answer.tokenCount + 30)
    }
  }

  @Test("A template that writes answers otherwise has the conversation read anew")
  func anew() throws {
    let (conversation, _) = try Self.conversation(Self.shouting)
    for question in Self.questions {
      let answer = try conversation.answer(to: question) { _ in }
      #expect((0...1).contains(answer.promptCount + answer.tokenCount - answer.computedCount))
    }
  }

  @Test("An answer ends at the token that the template puts behind answers, and streams as it is")
  func endOfTurn() throws {
    let (conversation, _) = try Self.conversation(settings: Self.settings(maximumTokens: nil))
    let end = try #require(try Self.tokenizer().id(ofAddedToken: "<|im_end|>"))
    #expect(conversation.stopTokens == [Int(end)])
    for question in Self.questions.prefix(2) {
      var streamed = ""
      let answer = try conversation.answer(to: question) { streamed += $0 }
      #expect(answer.finish == .stopToken)
      #expect(streamed == answer.text)
    }
  }

  private static func conversation(settings: Conversation.Settings) throws -> (Conversation, LetterScorer) {
    let made = try conversation(template, settings)
    return (made.conversation, made.scorer)
  }

  @Test("A stop string ends an answer, is no part of it, and the next turn goes on as if it had never been")
  func stops() throws {
    var settings = Self.settings()
    let first = try Self.conversation().conversation.answer(to: "Hello!") { _ in }.text
    settings.stops = [String(first.dropFirst(2).prefix(2))]
    let (conversation, _) = try Self.conversation(Self.template, settings)
    let answer = try conversation.answer(to: "Hello!") { _ in }
    #expect(answer.finish == .stopString)
    #expect(answer.text == String(first.prefix(2)))
    let (again, _) = try Self.conversation(Self.template, settings, messages: conversation.messages)
    #expect(try conversation.answer(to: "b") { _ in }.text == again.answer(to: "b") { _ in }.text)
  }

  @Test("A conversation that does not fit is refused in words, and nothing was said")
  func contextFull() throws {
    let (conversation, _) = try Self.conversation(settings: Self.settings(context: 60, maximumTokens: nil))
    let answer = try conversation.answer(to: "ab") { _ in }
    #expect(answer.finish == .stopToken || answer.finish == .contextFull)
    let before = conversation.messages
    let error = #expect(throws: GroveError.self) {
      try conversation.answer(to: String(repeating: "c", count: 50)) { _ in }
    }
    #expect(
      error?.description.hasSuffix(
        "tokens leave no room for an answer in a context of 60. "
          + "Begin a new conversation, or give a longer context if the model has one.") == true)
    #expect(conversation.messages == before)
    let tight = try Self.conversation(settings: Self.settings(context: 30, maximumTokens: nil)).0
    #expect(try tight.answer(to: "abc") { _ in }.finish != .maximumTokens)
    let refused = #expect(throws: GroveError.self) { try Self.conversation(settings: Self.settings(context: 401)) }
    #expect(refused?.description == "context: 401 is outside 2...400, the positions of the model")
  }

  @Test("What the listener throws ends the turn as if nothing had been said")
  func interrupted() throws {
    struct Enough: Error {}
    let (conversation, _) = try Self.conversation()
    let (other, _) = try Self.conversation()
    #expect(try conversation.answer(to: "a") { _ in } == other.answer(to: "a") { _ in })
    #expect(throws: Enough.self) { try conversation.answer(to: "b") { _ in throw Enough() } }
    #expect(conversation.messages == other.messages)
    #expect(try conversation.answer(to: "c") { _ in }.text == other.answer(to: "c") { _ in }.text)
  }

  @Test("A tokenizer without a template and a transcript that is none are refused in words")
  func refused() throws {
    let tokenizer = try Self.tokenizer().assigning(chatTemplate: nil)
    let error = #expect(throws: GroveError.self) {
      try Conversation(Self.scorer(tokenizer), tokenizer, Self.settings())
    }
    #expect(
      error?.description == "chat template: the tokenizer has none. "
        + "Put chat_template into tokenizer_config.json, or chat_template.jinja beside it.")
    for (json, message) in [
      ([:], "t: is not a list of messages. A message is {\"role\", \"content\"}."),
      ([["role": "user"]], "t › [0]: has no role and content that are texts"),
    ] as [(JSONValue, String)] {
      let error = #expect(throws: GroveError.self) { try ChatMessage.list(json, at: "t") }
      #expect(error?.description == message)
    }
  }

  @Test("What is kept scores as what is read anew", arguments: [ModelConfig.Family.llama, .gpt2, .gemma3])
  func kept(family: ModelConfig.Family) throws {
    let model = try TinyModel.make(family, seed: 3)
    let kept = KeptScorer(ModelScorer(model), capacity: 48)
    let texts = [[3, 41, 7], [3, 41, 7, 19, 22, 5], [3, 41, 8, 1], [3, 41], [3, 41, 9, 9, 9]]
    for (text, computed) in zip(texts, [3, 6, 10, 12, 15]) {
      try kept.begin(texts: 1, capacity: 48)
      let scores = try kept.read([text], portion: 2)
      let fresh = ModelScorer(model)
      try fresh.begin(texts: 1, capacity: 48)
      let expected = try fresh.read([text], portion: 512)
      #expect(try scores.isClose(to: expected, within: .logits))
      #expect(kept.computedCount == computed)
    }
  }
}
