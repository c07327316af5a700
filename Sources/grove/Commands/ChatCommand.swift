import ArgumentParser
import Foundation
import GroveCore
import GroveDecode
import GroveModel
import GroveTensor
import GroveTokenizer

struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a model, in the words of its chat template.",
    discussion: """
      A line is a turn; /exit or the end of the input ends the conversation. Only the new tokens of a turn are computed. \
      With --transcript the conversation is kept in a file, a list of {"role", "content"}, after every turn, and goes on \
      from there the next time.
      """)

  @Argument(help: "A folder with config.json, model.safetensors and a tokenizer, or a .gguf file.") var model: String
  @Option(name: .shortAndLong, help: "One turn, and then the end. '-' reads standard input.") var prompt: String?
  @Option(help: "What the model is told first.") var system: String?
  @Option(help: "The file that keeps the conversation.") var transcript: String?
  @Option(help: "Positions of the whole conversation; 4096, or as many as the model was made for.") var context: Int?
  @Option(name: .customLong("variable"), help: "A variable of the template: --variable enable_thinking=false.")
  var variables: [String] = []
  @OptionGroup var sampling: SamplingArguments
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let conversation = try open()
    if let prompt {
      let input =
        prompt == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : prompt
      return try turn(input, conversation)
    }
    let isTerminal = isatty(STDIN_FILENO) != 0
    while true {
      if isTerminal { Terminal.write("> ") }
      guard let line = readLine(), line != "/exit" else { break }
      if line.allSatisfy(\.isWhitespace) { continue }
      // A turn that does not fit need not end a conversation with a person.
      do { try turn(line, conversation) } catch let error as GroveError where isTerminal { Terminal.note("\(error)") }
    }
    if isTerminal { Terminal.note("") }
  }

  private func open() throws -> Conversation {
    let sampler = try sampling.sampler()
    let variables = try variables.map(TemplateVariables.parsed)
    let url = URL(filePath: model)
    let said = try messages()
    let tokenizer = try Tokenizer(ofModel: url)
    let model = try ModelFolder.load(url)
    try model.prepare(precision, training: false, device: hardware.device)
    var settings = Conversation.Settings(
      sampler: sampler, random: RandomKey(seed: sampling.seed), maximumTokens: sampling.maxTokens,
      context: context ?? min(4096, model.config.contextLength), date: .today())
    settings.stops = sampling.stop
    settings.stopTokens = try ModelFolder.endTokens(url)
    settings.variables = variables
    return try Conversation(ModelScorer(model), tokenizer, settings, messages: said)
  }

  /// What was said before: the transcript, or the system message.
  private func messages() throws -> [ChatMessage] {
    let first = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
    guard let transcript, FileSystem.exists(URL(filePath: transcript)) else { return first }
    let file = URL(filePath: transcript)
    let messages = try ChatMessage.list(JSONValue(contentsOf: file), at: file.path)
    guard first.isEmpty || messages.first == first[0] else {
      throw GroveError(
        .argument, "--system", "\(transcript) began with another one",
        remedy: "Leave --system out, or name another transcript.")
    }
    return messages
  }

  private func turn(_ text: String, _ conversation: Conversation) throws {
    let answer = try conversation.answer(to: text) { piece in
      if !output.json { write(piece) }
    }
    if output.json {
      let line: JSONValue = [
        "answer": .string(answer.text), "finish": .string(answer.finish.rawValue),
        "tokens": .integer(answer.tokenCount), "promptTokens": .integer(answer.promptCount),
        "computedTokens": .integer(answer.computedCount),
      ]
      write(line.text + "\n")
    } else {
      write("\n")
    }
    if answer.finish == .contextFull {
      Terminal.note(
        "The context is full: the answer ends here. Begin a new conversation, or give a longer --context if the model "
          + "has one.")
    }
    if let transcript {
      let list = JSONValue.array(conversation.messages.map(\.json))
      try FileSystem.write(list.prettyText + "\n", to: URL(filePath: transcript))
    }
  }

  /// At once: `print` would wait for the end of a line, or of the program.
  private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
