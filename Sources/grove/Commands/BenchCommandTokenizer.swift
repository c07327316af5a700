import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus
import GroveReport
import GroveTokenizer
import GroveTrain

struct BenchTokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer",
    abstract: "Measure encoding, or with --train the training of a tokenizer, on one core and from memory.",
    discussion: """
      With --peer, tokenizers and, where it knows the kind, tiktoken take turns with Grove on the same documents, \
      vocabulary and split, and must give the same ids. Grove's cache is empty in every repeat; the peers keep theirs.
      """)

  @Option(help: "A tokenizer.json, or a folder with one; --train needs none.") var tokenizer: String?
  @Option(help: "Files or folders of documents.") var text: [String] = []
  @Flag(help: "Take the documents of the demo corpus.") var demo = false
  @Flag(help: "Measure training.") var train = false
  @Option(help: "Tokens to learn with --train.") var vocabularySize = 8192
  @Option(help: "Repeats in each process; 3, or 1 with --quick.") var repeats: Int?
  @Flag(help: "Also measure tokenizers and tiktoken.") var peer = false
  @OptionGroup var options: BenchOptions

  func validate() throws {
    if demo != text.isEmpty { throw ValidationError("give either --text or --demo") }
    if !train, tokenizer == nil { throw ValidationError("--tokenizer: missing; only --train needs none") }
    if let repeats, repeats < 1 { throw ValidationError("--repeats: \(repeats) is below 1") }
  }

  private var repeatCount: Int { repeats ?? (options.quick ? 1 : 3) }

  func run() throws {
    let documents = try readDocuments()
    guard peer else {
      let measured = try measure(documents)
      if options.output.json, options.results == nil { return print(try measured.benchmarkJSON().text) }
      return try show(["grove"], [[measured]])
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "grove-bench-\(UUID().uuidString)")
    defer { try? FileSystem.remove(folder) }
    try FileSystem.makeFolder(folder)
    let file = folder.appending(path: "documents.jsonl")
    try write(documents, to: file)
    try compare(file)
  }

  private func readDocuments() throws -> [[UInt8]] {
    let reader = DocumentReader(
      try CorpusFiles(demo ? BenchProcess.demoFiles() : text.map { URL(filePath: $0) }),
      ReadingOptions(domain: .fileName, brokenLines: .fail)
    ) { _ in }
    var documents: [[UInt8]] = []
    while let document = try reader.next() { documents.append(document.text) }
    return documents
  }

  private func measure(_ documents: [[UInt8]]) throws -> TokenizerBenchmark.Measurement {
    if train {
      return try TokenizerBenchmark.train(documents, vocabularySize: vocabularySize, repeats: repeatCount)
    }
    return TokenizerBenchmark.encode(
      documents, with: try TokenizerCommand.load(tokenizer ?? ""), repeats: repeatCount)
  }

  /// One file that every engine reads.
  private func write(_ documents: [[UInt8]], to file: URL) throws {
    let writer = try FileWriter(file)
    for document in documents {
      let line = JSONValue.object([("text", .string(String(decoding: document, as: UTF8.self)))])
      try writer.write(line.text + "\n")
    }
    try writer.commit()
  }

  private func compare(_ file: URL) throws {
    var ours = ["bench", "tokenizer", "--text", file.path, "--repeats", "\(repeatCount)"]
    var theirs = ["--text", file.path, "--repeats", "\(repeatCount)"]
    if train {
      ours += ["--train", "--vocabulary-size", "\(vocabularySize)"]
      theirs = ["train"] + theirs + ["--vocabulary", "\(vocabularySize)"]
    } else {
      let json = try tokenizerFile()
      ours += ["--tokenizer", json.path]
      theirs = ["encode"] + theirs + ["--tokenizer", json.path]
    }
    var contestants: [(name: String, run: () throws -> TokenizerBenchmark.Measurement)] = [
      ("grove", { try BenchProcess.grove(ours) })
    ]
    for name in try peers() {
      contestants.append((name, { try BenchProcess.peer("tokenization.py", theirs + ["--peer", name]) }))
    }
    let measured = try options.takingTurns(contestants)
    for peer in measured.dropFirst() { try measured[0][0].requireSameResult(as: peer[0]) }
    try show(contestants.map(\.name), measured)
  }

  /// tiktoken has byte-level BPE with one split and without a normalizer, and nothing else.
  private func peers() throws -> [String] {
    guard !train else { return ["tokenizers"] }
    let loaded = try TokenizerCommand.load(tokenizer ?? "")
    guard case .bytePair(let model) = loaded.model, model.units == .bytes, loaded.normalizer == nil,
      case .split? = loaded.preTokenizers.first, loaded.preTokenizers.count == 1
    else { return ["tokenizers"] }
    return ["tokenizers", "tiktoken"]
  }

  private func tokenizerFile() throws -> URL {
    let url = URL(filePath: tokenizer ?? "")
    return FileSystem.isFolder(url) ? url.appending(path: "tokenizer.json") : url
  }

  /// Of the file, or of the folder that it is in if it is called as they all are.
  private var tokenizerName: String {
    let url = URL(filePath: tokenizer ?? "")
    let isCommon = url.lastPathComponent == Tokenizer.fileName
    return (isCommon ? url.deletingLastPathComponent() : url).deletingPathExtension().lastPathComponent
  }

  private func show(_ names: [String], _ measured: [[TokenizerBenchmark.Measurement]]) throws {
    let rounds = BenchmarkRounds(
      contestants: names, costs: try measured.map { try $0.map { try Spread($0.seconds).median } })
    let rows = try names.indices.map { index in
      let spread = try Spread(measured[index].flatMap(\.seconds))
      let (bytes, tokens) = (Double(measured[index][0].bytes), Double(measured[index][0].tokens))
      func rate(_ seconds: Double) -> String { NumberText.fixed(bytes / 1e6 / seconds, 2) }
      let ratio = try index == 0 ? nil : rounds.ratio(index)
      return [
        measured[index][0].engine, NumberText.fixed(spread.median, 3), rate(spread.median),
        "\(rate(spread.upper))–\(rate(spread.lower))", train ? "" : NumberText.short(tokens / spread.median),
        NumberText.short(tokens), ratio?.text(2) ?? "",
      ]
    }
    let megabytes = Int((Double(measured[0][0].bytes) / 1e6).rounded())
    let what = train ? "train/vocabulary\(vocabularySize)" : "encode/\(tokenizerName)"
    let place = demo ? "--demo" : text.map { "--text \($0)" }.joined(separator: " ")
    let job = train ? "--train --vocabulary-size \(vocabularySize)" : "--tokenizer \(tokenizer ?? "")"
    let lists = try measured.map { runs in JSONValue.array(try runs.map { try $0.benchmarkJSON() }) }
    try options.show(
      BenchmarkReport(
        name: "tokenizer/\(what)/\(megabytes)MB/thread1",
        command: "grove bench tokenizer \(job) \(place)\(peer ? " --peer" : "")",
        columns: ["engine", "seconds", "MB/s", "p10–p90", "tokens/s", "tokens", "times Grove's (min–max)"], rows: rows,
        measurements: ["rounds": .object(zip(names, lists).map { ($0, $1) })]))
  }
}
