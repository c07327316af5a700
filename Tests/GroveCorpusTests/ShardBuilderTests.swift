import Foundation
import GroveCore
import GroveCorpus
import Testing

@Suite("A folder of texts becomes a folder of shards")
struct ShardBuilderTests {
  private func hashes(_ folder: URL) throws -> [String: String] {
    var hashes: [String: String] = [:]
    for part in ["", "train", "validation"] {
      for file in try FileSystem.entries(of: folder.appending(path: part)) where !FileSystem.isFolder(file) {
        hashes["\(part)/\(file.lastPathComponent)"] = try ContentHash.ofFile(file)
      }
    }
    return hashes
  }

  @Test("One worker and four write the same bytes")
  func workers() throws {
    let corpus = try TinyCorpus(domains: ["code", "web"], count: 300)
    let one = try corpus.build("one", workers: 1)
    let four = try corpus.build("four", workers: 4)
    #expect(try hashes(one.folder) == hashes(four.folder))
    #expect(try hashes(one.folder).count == 13)
    #expect(one.manifest.fingerprint == four.manifest.fingerprint)
  }

  @Test("Every document is on one side, whole, with its bytes, its line and its end of text")
  func complete() throws {
    let corpus = try TinyCorpus(domains: ["code", "web"], count: 120)
    let (folder, manifest) = try corpus.build("shards")
    var seen: [String: String] = [:]
    for split in Split.allCases {
      let dataset = try TokenDataset(folder: folder, split: split, domains: .all, contextLength: 8)
      for domain in dataset.domains.indices {
        try dataset.forEachDocument(domain: domain) { document in
          #expect(document.tokens.last == 256)
          #expect(manifest.split.split(of: document.id) == split)
          #expect(document.id == "\(document.domain)/\(document.origin.line - 1)")
          #expect(document.byteCount == document.tokens.count - 1)
          #expect(seen[document.id] == nil)
          seen[document.id] = String(decoding: document.tokens.dropLast().map(UInt8.init), as: UTF8.self)
        }
      }
    }
    #expect(seen == corpus.texts)
  }

  @Test("The split takes its share, keeps documents where they are, and a larger share only adds")
  func split() throws {
    let ids = (0..<20_000).map { "doc/\($0)" }
    let small = try SplitRule(validationShare: 0.1, seed: 4)
    let large = try SplitRule(validationShare: 0.2, seed: 4)
    let held = ids.filter { small.split(of: $0) == .validation }
    #expect(abs(held.count - 2000) < 150)  // 3.5 standard deviations
    #expect(held.allSatisfy { large.split(of: $0) == .validation })
    let other = try SplitRule(validationShare: 0.1, seed: 5)
    #expect(held.contains { other.split(of: $0) == .train })
    #expect(message { try SplitRule(validationShare: 1, seed: 0) } == "validationShare: 1.0 is outside [0, 1)")
  }

  @Test("The fingerprint follows the tokens and not the names of folders and files")
  func fingerprint() throws {
    let corpus = try TinyCorpus(domains: ["web"], count: 40)
    let (folder, manifest) = try corpus.build("shards")
    #expect(try ShardManifest(folder: folder) == manifest)
    let moved = corpus.folder.url.appending(path: "elsewhere")
    try FileSystem.rename(folder, to: moved)
    #expect(try ShardManifest(folder: moved).fingerprint == manifest.fingerprint)
    var other = byteTokenizer
    other.endOfText = 255
    #expect(try corpus.build("other", tokenizer: other).manifest.fingerprint != manifest.fingerprint)
  }

  @Test("A second build is refused, or verifies what is there, and tells which file was altered")
  func rerun() throws {
    let corpus = try TinyCorpus(domains: ["web"], count: 40)
    let (folder, manifest) = try corpus.build("shards")
    #expect(
      message(corpus.folder) { try corpus.build("shards") }
        == "DIR/shards: the folder already holds these shards. Use them, or remove the folder.")
    #expect(try corpus.build("shards", existing: .verify).manifest == manifest)
    #expect(
      message(corpus.folder) { try corpus.build("shards", validationShare: 0.5, existing: .verify) }
        == "DIR/shards: the folder holds shards that were made from other texts or in another way. "
        + "Remove it, or name another folder.")
    let bin = folder.appending(path: "train/web.bin")
    var bytes = Array(try FileSystem.read(bin))
    let before = try ContentHash.ofFile(bin).prefix(12)
    bytes[10] ^= 1
    try FileSystem.write(bytes, to: bin)
    let after = try ContentHash.ofFile(bin).prefix(12)
    #expect(
      message(corpus.folder) { try corpus.build("shards", existing: .verify) }
        == "DIR/shards/train/web.bin: the content is not what the manifest says: SHA-256 \(after)… instead of \(before)…. "
        + "Build the shards again.")
    _ = try corpus.folder.file("full/file", "x")
    #expect(
      message(corpus.folder) { try corpus.build("full") }
        == "DIR/full: the folder is not empty and holds no shards. Name another folder.")
  }

  @Test("A failed build leaves nothing under the name, and the next one starts anew")
  func failure() throws {
    let corpus = try TinyCorpus(domains: ["web"], count: 40)
    var small = byteTokenizer
    small.vocabularySize = 100
    small.endOfText = 99
    let failed = message { try corpus.build("shards", tokenizer: small) }
    #expect(failed.hasSuffix("for a vocabulary of 100. Give the size that the tokenizer reports."))
    #expect(!FileSystem.exists(corpus.folder.url.appending(path: "shards")))
    _ = try corpus.build("shards")
    #expect(!FileSystem.exists(corpus.folder.url.appending(path: "shards.partial")))
  }

  @Test("Domains from a field become files that stay in the folder; too many are refused")
  func domains() throws {
    let folder = try TemporaryFolder()
    let split = try SplitRule(validationShare: 0, seed: 0)
    func build(_ name: String, _ domains: [String]) throws -> ShardManifest {
      let lines = domains.map { "{\"text\":\"t\",\"set\":\"\($0)\"}" }.joined(separator: "\n")
      let file = try folder.file("\(name).jsonl", lines)
      return try ShardBuilder(
        folder: folder.url.appending(path: name), tokenizer: byteTokenizer, split: split, workers: 1, existing: .refuse
      ).build(
        CorpusFiles([file]), ReadingOptions(domain: .field("set"), brokenLines: .fail), makeEncoder: { encodeBytes },
        onEvent: { _ in })
    }
    let manifest = try build("few", ["../up", "a b", "ünï", "a.b", "..", "%61"])
    #expect(manifest.shards.map(\.domain) == ["%61", "..", "../up", "a b", "a.b", "ünï"])
    #expect(
      manifest.shards.map(\.path)
        == ["train/%2561", "train/%2E.", "train/%2E.%2Fup", "train/a%20b", "train/a.b", "train/%C3%BCn%C3%AF"])
    let dataset = try TokenDataset(
      folder: folder.url.appending(path: "few"), split: .train, domains: .only(["../up"]), contextLength: 1)
    #expect(try dataset.document(0, domain: 0).tokens == [116, 256])
    #expect(
      message { try build("many", (0..<129).map(String.init)) }
        == "many.jsonl:129: '128' would be domain 129. "
        + "Take domains from a field with at most 128 values, or from the file names.")
  }

  @Test("An altered or foreign manifest is refused by field")
  func manifests() throws {
    let corpus = try TinyCorpus(domains: ["web"], count: 40)
    let (folder, _) = try corpus.build("shards")
    let file = folder.appending(path: "manifest.json")
    let original = String(decoding: try FileSystem.read(file), as: UTF8.self)
    func after(_ old: String, _ new: String) throws -> String {
      try FileSystem.write(original.replacingOccurrences(of: old, with: new), to: file)
      return message(corpus.folder) { try ShardManifest(folder: folder) }
    }
    let place = "DIR/shards/manifest.json: "
    let remedy = ". Build the shards again."
    #expect(try after("grove-token-shards", "x") == place + "not a manifest of token shards of version 1")
    #expect(
      try after("\"endOfText\": 256", "\"endOfText\": 1")
        == place + "the fingerprint is not that of the hashes; the manifest was altered" + remedy)
    #expect(
      try after("\"documents\": ", "\"documents\": -")
        == place + "'shards[0].documents' should be a whole number from 0" + remedy)
    #expect(
      try after("\"train/web\"", "\"train/../../web\"")
        == place + "'shards[0].path' should be a path inside the folder" + remedy)
    #expect(
      try after("\"problems\": 0", "\"problems\": 0.5") == place + "'problems' should be a whole number from 0" + remedy
    )
  }

  @Test("Nothing to read, no worker, an end of text outside the vocabulary: refused in words")
  func arguments() throws {
    let folder = try TemporaryFolder()
    let split = try SplitRule(validationShare: 0, seed: 0)
    func builder(_ workers: Int, _ tokenizer: TokenizerIdentity) throws -> ShardBuilder {
      try ShardBuilder(
        folder: folder.url.appending(path: "out"), tokenizer: tokenizer, split: split, workers: workers,
        existing: .refuse)
    }
    #expect(message { try builder(0, byteTokenizer) } == "workers: 0 is outside 1...1024")
    #expect(message { try builder(.max, byteTokenizer) } == "workers: 9223372036854775807 is outside 1...1024")
    let outside = TokenizerIdentity(fingerprint: "", vocabularySize: 10, endOfText: 10)
    #expect(message { try builder(1, outside) } == "endOfText: the id 10 is not in the vocabulary of 10")
    let empty = try folder.file("x.jsonl", "\n{}\n")
    #expect(
      message(folder) {
        try builder(1, byteTokenizer).build(
          CorpusFiles([empty]), ReadingOptions(domain: .fileName, brokenLines: .skip), makeEncoder: { encodeBytes },
          onEvent: { _ in })
      } == "DIR/out: no document in 1 files (1 broken lines, 0 files of other kinds)")
  }
}
