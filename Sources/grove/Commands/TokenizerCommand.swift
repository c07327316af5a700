import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveModel
import GroveReport
import GroveTokenizer

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Train and apply tokenizers.",
    subcommands: [
      TokenizerTrainCommand.self, TokenizerEncodeCommand.self, TokenizerDecodeCommand.self, TokenizerShowCommand.self,
      TokenizerChatCommand.self,
    ])

  /// A tokenizer from a file, from the folder that holds one, or from a GGUF file.
  static func load(_ path: String) throws -> Tokenizer {
    let url = URL(filePath: path)
    return GGUFFile.isGGUF(url) ? try Tokenizer(ofModel: url) : try Tokenizer(contentsOf: url)
  }
}

struct TokenizerTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a tokenizer on the training side of a corpus.",
    discussion: """
      bpe is byte-level BPE with GPT-2's split; unigram is a unigram model on words in NFKC. With --morpheme-separator \
      the documents hold this text between morphemes, as an analyser such as MeCab can print them: no merge of bpe goes \
      across one, and the tokenizer needs no analyser afterwards. --segmenter COMMAND runs the analyser itself, line by line.
      """)

  enum Kind: String, ExpressibleByArgument, CaseIterable { case bpe, unigram }

  @OptionGroup var corpus: CorpusOptions
  @OptionGroup var split: SplitOptions
  @Option(help: "What is learned: bpe or unigram.") var kind = Kind.bpe
  @Option(help: "The text between the morphemes of the documents.") var morphemeSeparator: String?
  @Option(
    help: "A program that puts the separator between the morphemes of each line that it reads, and writes the line.")
  var segmenter: String?
  @Option(help: "Ids of the vocabulary, bytes or characters and special tokens included.") var vocabularySize = 4096
  @Option(help: "Folder for tokenizer.json.") var out: String
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let morphemeSeparator, kind != .bpe || morphemeSeparator.isEmpty {
      throw ValidationError("--morpheme-separator: goes with --kind bpe, and is not empty")
    }
    if segmenter != nil, morphemeSeparator == nil {
      throw ValidationError("--segmenter: --morpheme-separator says what it writes between morphemes")
    }
  }

  func run() throws {
    let progress = ProgressView(quiet: output.quiet)
    var problems = 0
    var learned = kind == .unigram ? CorpusTokenizer.Kind.unigram : .bytePair
    if let morphemeSeparator {
      learned = .morphemes(separator: morphemeSeparator)
      if let segmenter { learned = .segmented(by: segmenter, separator: morphemeSeparator) }
    }
    let tokenizer = try CorpusTokenizer.train(
      corpus.files(), corpus.readingOptions(), split: split.rule(), kind: learned, vocabularySize: vocabularySize
    ) {
      problems += 1
      progress.note("\($0)")
    } onProgress: {
      switch $0 {
      case .reading(let documents, let bytes): progress.status("\(documents) documents, \(NumberText.bytes(bytes))")
      case .merging(let tokens, let of): progress.status("\(tokens) of \(of) tokens")
      }
    }
    progress.end()
    let folder = URL(filePath: out)
    try FileSystem.makeFolder(folder)
    try tokenizer.write(toFolder: folder)
    output.show(
      "\(tokenizer.vocabularySize) tokens, \(problems) broken lines, \(out)/tokenizer.json",
      json: [
        "vocabularySize": .integer(tokenizer.vocabularySize), "folder": .string(out),
        "fingerprint": .string(tokenizer.fingerprint), "brokenLines": .integer(problems),
      ])
  }
}

struct TokenizerEncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode", abstract: "Print the ids of a text, or of every document of a corpus with --documents.")

  @Option(help: "A tokenizer.json, a sentencepiece .model, a folder with one, or a .gguf file.") var tokenizer: String
  @Argument(help: "The text; standard input if it is missing.") var text: String?
  @Option(help: "Files or folders of documents: one line {\"id\", \"ids\"} for each.") var documents: [String] = []
  @Flag(help: "Take the text of special tokens for the tokens.") var special = false
  @Flag(help: "Put the special tokens that the model expects around each text.") var framed = false
  @Flag(help: "With --documents: also the text that the ids decode to.") var decoded = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tokenizer = try TokenizerCommand.load(tokenizer)
    var encoder = tokenizer.encoder(specialTokens: special ? .recognizing : .asText, malformed: .replacing)
    if !documents.isEmpty {
      let files = try CorpusFiles(documents.map { URL(filePath: $0) })
      let reader = DocumentReader(files, ReadingOptions(domain: .fileName, brokenLines: .fail)) { _ in }
      while let document = try reader.next() {
        let ids = framing(encoder.encode(document.text), tokenizer)
        var line: [(key: String, value: JSONValue)] = [
          ("id", .string(document.id)), ("ids", .array(ids.map { .integer(Int($0)) })),
        ]
        if decoded { line.append(("text", .string(try tokenizer.decodeText(ids, specialTokens: .keeping)))) }
        print(JSONValue.object(line).text)
      }
      return
    }
    let bytes = try text.map { Array($0.utf8) } ?? Array(FileHandle.standardInput.readToEnd() ?? Data())
    let ids = framing(encoder.encode(bytes), tokenizer)
    output.show(
      ids.map(String.init).joined(separator: " "), json: ["ids": .array(ids.map { .integer(Int($0)) })])
  }

  private func framing(_ ids: [UInt32], _ tokenizer: Tokenizer) -> [UInt32] { framed ? tokenizer.framing(ids) : ids }
}

struct TokenizerDecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "decode", abstract: "Print the text of ids.")

  @Option(help: "A tokenizer.json, or a folder with one.") var tokenizer: String
  @Argument(help: "The ids.") var ids: [UInt32]
  @OptionGroup var output: OutputOptions

  func run() throws {
    let text = try TokenizerCommand.load(tokenizer).decodeText(ids, specialTokens: .keeping)
    output.show(text, json: ["text": .string(text)])
  }
}

struct TokenizerShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Describe a tokenizer.")

  @Argument(help: "A tokenizer.json, or a folder with one.") var tokenizer: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tokenizer = try TokenizerCommand.load(tokenizer)
    let special = tokenizer.addedTokens.map { "\($0.id) \($0.content)" }.joined(separator: ", ")
    output.show(
      """
      model        \(tokenizer.model.name)
      vocabulary   \(tokenizer.vocabularySize)
      merges       \(tokenizer.merges.count)
      added        \(special)
      fingerprint  \(tokenizer.fingerprint)
      """,
      json: [
        "model": .string(tokenizer.model.name), "vocabularySize": .integer(tokenizer.vocabularySize),
        "merges": .integer(tokenizer.merges.count),
        "addedTokens": .array(
          tokenizer.addedTokens.map { ["id": .integer(Int($0.id)), "content": .string($0.content)] }),
        "fingerprint": .string(tokenizer.fingerprint),
      ])
  }
}
