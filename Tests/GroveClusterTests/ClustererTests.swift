import Foundation
import GroveCluster
import GroveCore
import GroveCorpus
import GroveModel
import GroveTesting
import Testing

@Suite("Clusterer")
struct ClustererTests {
  private static let hostile: [UInt8] =
    Array("animalsword1 shared2 ΟΔΟΣ citiesword3 12toolsword4 ÜBER toolsword5x toolsword5 漢字 İ ".utf8)
    + [0xFF, 0x20, 0xE2, 0x82] + Array("animalsword2".utf8) + Array(repeating: 0x61, count: 700)
    + Array(" toolsword9 shared1 citiesword0".utf8) + [0xF0, 0x9F]

  @Test("Distances of a growing text are those of every prefix from scratch, to the bit", arguments: [1, 3, 7, 64])
  func incremental(length: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let clusterer = try TopicCorpus(in: folder.appending(path: "c")).find().clusterer
      var growing = clusterer.makeContext()
      var prefix: [UInt8] = []
      for start in stride(from: 0, to: ClustererTests.hostile.count, by: length) {
        let piece = ClustererTests.hostile[start..<min(ClustererTests.hostile.count, start + length)]
        growing.append(piece)
        prefix += piece
        var whole = clusterer.makeContext()
        whole.append(prefix)
        #expect(growing.squaredDistances() == whole.squaredDistances())
        #expect(growing.nearest() == clusterer.nearest(prefix))
      }
      // Asking changes nothing, and a sequence without storage reads the same.
      var lazily = clusterer.makeContext()
      lazily.append(ClustererTests.hostile.lazy.map { $0 })
      #expect(lazily.squaredDistances() == growing.squaredDistances())
    }
  }

  @Test("Distances are those of vectors worked out by hand from the stored tensors")
  func byHand() throws {
    try Fixtures.withTemporaryFolder { folder in
      let clusterer = try TopicCorpus(in: folder.appending(path: "c")).find().clusterer
      try clusterer.write(to: folder.appending(path: "out"))
      let json = try JSONValue(contentsOf: folder.appending(path: "out/clusterer.json"))
      let file = try SafetensorsFile(folder.appending(path: "out/clusterer.safetensors"))
      let terms = try json.strings("terms")
      let idf: [Double] = try file.tensor("idf").values()
      let projection: [Double] = try file.tensor("projection").values()
      let centres: [Double] = try file.tensor("centres").values()
      let width = clusterer.dimensions
      // tf-idf of unit length, projected, of unit length again: the long way.
      var weights = [Double](repeating: 0, count: terms.count)
      for word in ["toolsword3", "toolsword3", "shared1", "animalsword2"] {
        let term = try #require(terms.firstIndex(of: word))
        weights[term] += idf[term]
      }
      let length = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
      var vector = (0..<width).map { column in
        weights.indices.reduce(0.0) { $0 + weights[$1] / length * projection[$1 * width + column] }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vector = vector.map { $0 / norm }
      let expected = (0..<3).map { cluster in
        (0..<width).reduce(0.0) { $0 + pow(vector[$1] - centres[cluster * width + $1], 2) }
      }
      var context = clusterer.makeContext()
      context.append("Toolsword3 toolsword3, the shared1 5 animalsword2 unknown".utf8)
      for (ours, theirs) in zip(context.squaredDistances(), expected) { #expect(abs(ours - theirs) < 1e-12) }
    }
  }

  @Test("A text without known words lies at the origin: it goes to the shortest centre")
  func unknownWords() throws {
    try Fixtures.withTemporaryFolder { folder in
      let clusterer = try TopicCorpus(in: folder.appending(path: "c")).find().clusterer
      let empty = clusterer.makeContext().squaredDistances()
      var unknown = clusterer.makeContext()
      unknown.append("nothing known here 123".utf8)
      #expect(unknown.squaredDistances() == empty)
      #expect(clusterer.nearest([]) == empty.indices.min { empty[$0] < empty[$1] })
    }
  }

  @Test("A clusterer that was written and read is the same")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let clusterer = try TopicCorpus(in: folder.appending(path: "c")).find().clusterer
      try clusterer.write(to: folder.appending(path: "out"))
      let read = try Clusterer(contentsOf: folder.appending(path: "out"))
      #expect(read.fingerprint == clusterer.fingerprint && read.origin == clusterer.origin)
      #expect(read.nearest(ClustererTests.hostile) == clusterer.nearest(ClustererTests.hostile))
      #expect(read.topTerms(3) == clusterer.topTerms(3))
      try read.write(to: folder.appending(path: "again"))
      for name in ["clusterer.json", "clusterer.safetensors"] {
        #expect(
          try ContentHash.ofFile(folder.appending(path: "out/\(name)"))
            == ContentHash.ofFile(folder.appending(path: "again/\(name)")))
      }
    }
  }

  @Test("Missing, foreign and damaged files are refused in words")
  func hostileFiles() throws {
    try Fixtures.withTemporaryFolder { folder in
      let out = folder.appending(path: "out")
      let json = out.appending(path: "clusterer.json")
      let remedy = "Make it again with 'grove domains find'."
      func refusal() -> String? {
        message { try Clusterer(contentsOf: out) }?.replacingOccurrences(of: folder.path, with: "DIR")
      }
      try FileSystem.makeFolder(out)
      #expect(
        refusal() == "DIR/out/clusterer.json: is missing. Make a clusterer with 'grove domains find'.")
      try TopicCorpus(in: folder.appending(path: "c")).find().clusterer.write(to: out)
      let text = String(decoding: try FileSystem.read(json), as: UTF8.self)
      func alter(_ from: String, _ to: String) throws {
        try FileSystem.write(text.replacingOccurrences(of: from, with: to), to: json)
      }
      try alter("grove clusterer 1", "grove clusterer 9")
      #expect(refusal() == "DIR/out/clusterer.json: is not a clusterer of this version. \(remedy)")
      try alter("\"method\": \"balanced\"", "\"method\": \"magic\"")
      #expect(refusal() == "DIR/out/clusterer.json: does not say how it was made. \(remedy)")
      try alter("\"shared1\"", "\"shared2\"")
      #expect(refusal() == "DIR/out/clusterer.json: a term is empty or stands there twice. \(remedy)")
      try alter("\"shared1\"", "\"shared99\"")
      #expect(refusal() == "DIR/out: the files are not what their fingerprint says. \(remedy)")
      try alter("\"shared1\",", "")
      #expect(
        refusal() == "DIR/out/clusterer.safetensors: idf, projection and centres do not fit 41 terms. \(remedy)")
    }
  }
}
