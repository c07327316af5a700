import Foundation
import GroveCore
import GroveCorpus
import GroveTesting
import GroveTrain
import Testing

@Suite("The tokenizer beside the shards")
struct ShardTokenizerTests {
  @Test("It is there before the folder has its name, so that a kill leaves no shards without it")
  func staged() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TinyCorpus(in: folder)
      let target = folder.appending(path: "more")
      let builder = try ShardBuilder(
        folder: target, tokenizer: TokenizerIdentity(corpus.tokenizer),
        split: SplitRule(validationShare: 0.1, seed: 0), workers: 1, existing: .refuse)
      var staged: [Bool] = []
      _ = try builder.build(
        CorpusFiles([corpus.texts]), ReadingOptions(domain: .fileName, brokenLines: .fail), tokenizer: corpus.tokenizer
      ) {
        guard case .finished = $0 else { return }
        staged.append(
          !FileSystem.exists(target) && FileSystem.exists(folder.appending(path: "more.partial/tokenizer.json")))
      }
      #expect(staged == [true, true, true, true])
      #expect(
        try FileSystem.read(target.appending(path: "tokenizer.json"))
          == FileSystem.read(corpus.shards.appending(path: "tokenizer.json")))
    }
  }

  @Test("Shards that have lost it get it back from a build that verifies them")
  func restored() throws {
    try Fixtures.withTemporaryFolder { folder in
      let corpus = try TinyCorpus(in: folder)
      let file = corpus.shards.appending(path: "tokenizer.json")
      let before = try FileSystem.read(file)
      try FileSystem.remove(file)
      _ = try ShardBuilder(
        folder: corpus.shards, tokenizer: TokenizerIdentity(corpus.tokenizer),
        split: SplitRule(validationShare: 0.1, seed: 0), workers: 1, existing: .verify
      ).build(
        CorpusFiles([corpus.texts]), ReadingOptions(domain: .fileName, brokenLines: .fail),
        tokenizer: corpus.tokenizer, onEvent: { _ in })
      #expect(try FileSystem.read(file) == before)
    }
  }

  @Test("Another tokenizer than the one of the manifest is refused, for training and for looking at a batch")
  func other() throws {
    try TinyRun.with { run in
      try run.train("run", stoppingAfter: 2)
      let other = try TinyCorpus(in: run.folder.appending(path: "other"), domains: ["wasps", "flies"])
      let file = run.corpus.shards.appending(path: "tokenizer.json")
      try FileSystem.write(FileSystem.read(other.shards.appending(path: "tokenizer.json")), to: file)
      let (found, expected) = (other.tokenizer.fingerprint.prefix(12), run.corpus.tokenizer.fingerprint.prefix(12))
      let message =
        "DIR/shards/tokenizer.json: is not the tokenizer that the shards were made with: \(found)… instead of "
        + "\(expected)…. Put that one back, or build the shards again with 'grove shard build'."
      #expect(run.message { try run.train("new") } == message)
      #expect(run.message { try RunBatch(run.at("run"), step: 1, data: nil) } == message)
      try FileSystem.remove(file)
      #expect(
        run.message { try run.train("new") }
          == "DIR/shards/tokenizer.json: is missing beside the shards. Build them again with 'grove shard build'.")
    }
  }
}
