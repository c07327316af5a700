import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveTesting
import Testing

/// What scikit-learn and scipy computed, made by Tests/Fixtures/cluster/make_cluster_fixtures.py.
enum ClusterFixture {
  static let root: Result<JSONValue, any Error> = Result {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONValue(contentsOf: folder.appending(path: "Fixtures/cluster/cluster.json"))
  }

  static func part(_ name: String) throws -> JSONValue { try #require(root.get()[name]) }
}

extension JSONValue {
  func list(_ key: String) throws -> [JSONValue] { try #require(self[key]?.arrayValue) }
  func strings(_ key: String) throws -> [String] { try list(key).map { try #require($0.stringValue) } }
  func numbers(_ key: String) throws -> [Double] { try list(key).map { try #require($0.numberValue) } }
  func integers(_ key: String) throws -> [Int] { try list(key).map { try #require($0.integerValue) } }
}

/// The whole message of the error that a call throws; nil if it throws none.
func message(_ call: () throws -> some Any) -> String? {
  do {
    _ = try call()
    return nil
  } catch { return "\(error)" }
}

/// The words of a text as the clusterer sees them.
func words(_ text: some Collection<UInt8>) -> [String] { words(pieces: [Array(text)]) }

/// The words of a text that comes in pieces.
func words(pieces: [[UInt8]]) -> [String] {
  var reader = WordReader()
  var words: [String] = []
  for piece in pieces {
    piece.withUnsafeBufferPointer { reader.read($0) { words.append(String(decoding: $0, as: UTF8.self)) } }
  }
  reader.finish { words.append(String(decoding: $0, as: UTF8.self)) }
  return words
}

/// A small corpus with known domains: each has words of its own and shares some.
struct TopicCorpus {
  let folder: URL
  static let topics = ["animals", "cities", "tools"]

  /// - Parameter counts: documents of each topic.
  init(in folder: URL, counts: [Int] = [40, 40, 40], seed: UInt64 = 1) throws {
    self.folder = folder
    try FileSystem.makeFolder(folder)
    for (topic, count) in zip(TopicCorpus.topics, counts) {
      let lines = (0..<count).map { number in
        let key = RandomKey(seed: seed).split(topic).split(number)
        let text = (0..<30).map { place in
          let draw = Int(key.bits(place) % 24)
          return draw < 6 ? "shared\(draw)" : "\(topic)word\(draw % 12)"
        }.joined(separator: " ")
        let line: JSONValue = [
          "id": .string("\(topic)/\(number)"), "text": .string(text), "language": "en",
          "source": .string(topic + ".org"),
        ]
        return line.text + "\n"
      }
      try FileSystem.write(lines.joined(), to: folder.appending(path: "\(topic).jsonl"))
    }
  }

  var files: CorpusFiles { get throws { try CorpusFiles([folder]) } }
  static let options = ReadingOptions(domain: .fileName, brokenLines: .fail)

  static func config(_ change: (inout ClusteringConfig) -> Void = { _ in }) -> ClusteringConfig {
    var config = ClusteringConfig()
    config.clusters = 3
    config.dimensions = 8
    config.starts = 3
    change(&config)
    return config
  }

  func find(
    share: Double = 0, _ change: (inout ClusteringConfig) -> Void = { _ in }
  ) throws -> FoundDomains {
    let finder = try DomainFinder(TopicCorpus.config(change), split: SplitRule(validationShare: share, seed: 0))
    return try finder.find(files, TopicCorpus.options) { _ in }
  }
}
