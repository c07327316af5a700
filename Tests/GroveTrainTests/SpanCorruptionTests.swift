import GroveCore
import GroveTrain
import Testing

@Suite("Span corruption")
struct SpanCorruptionTests {
  @Test("The paper's example: thank you <X> me to your party <Y> week")
  func example() {
    let words = "Thank you for inviting me to your party last week .".split(separator: " ").map(String.init)
    let names = words + ["<X>", "<Y>", "<Z>"]
    let pair = SpanCorruption.pair((0..<11).map { Int64($0) }, hiding: [2..<4, 8..<9], sentinels: [11, 12, 13])
    func text(_ ids: [Int64]) -> String { ids.map { names[Int($0)] }.joined(separator: " ") }
    #expect(text(pair.source) == "Thank you <X> me to your party <Y> week .")
    #expect(text(pair.target) == "<X> for inviting <Y> last <Z>")
    #expect(SpanCorruption.text(pair, sentinels: [11, 12, 13]) == (0..<11).map { Int64($0) })
  }

  @Test("15% of 512 tokens are 77 in 26 spans, and the lengths of both sides follow")
  func lengths() {
    let corruption = SpanCorruption()
    #expect(corruption.hidden(of: 512) == (77, 26))
    #expect(corruption.lengths(of: 512) == (461, 104))
    #expect(corruption.hidden(of: 2) == (1, 1))
    var dense = corruption
    (dense.share, dense.meanLength) = (0.9, 1)
    #expect(dense.hidden(of: 10) == (9, 1), "no more spans than parts that are shown")
  }

  @Test("Spans of any length of text have the promised sizes, do not touch, and give the text back")
  func laws() {
    let sentinels = (0..<200).map { Int64(10_000 + $0) }
    for (share, mean) in [(0.15, 3.0), (0.5, 8), (0.5, 1), (0.01, 64)] {
      var corruption = SpanCorruption()
      (corruption.share, corruption.meanLength) = (share, mean)
      for count in [2, 3, 10, 64, 301] {
        let random = RandomKey(seed: 3).split(count)
        let (hidden, lengths) = (corruption.hidden(of: count), corruption.lengths(of: count))
        let spans = corruption.spans(in: count, random: random)
        #expect(spans.count == hidden.spans && spans.reduce(0) { $0 + $1.count } == hidden.tokens)
        #expect(spans.first!.lowerBound > 0 && spans.last!.upperBound == count)
        for (a, b) in zip(spans, spans.dropFirst()) { #expect(a.upperBound < b.lowerBound) }
        let tokens = (0..<count).map { Int64($0) }
        let pair = corruption.pair(tokens, sentinels: sentinels, random: random)
        #expect(pair.source.count == lengths.source && pair.target.count == lengths.target)
        #expect(SpanCorruption.text(pair, sentinels: sentinels) == tokens)
      }
    }
  }

  @Test("Every token but the first can be hidden, and two keys hide others")
  func random() {
    let corruption = SpanCorruption()
    var counts = [Int](repeating: 0, count: 40)
    for draw in 0..<2000 {
      for span in corruption.spans(in: 40, random: RandomKey(seed: 5).split(draw)) {
        for place in span { counts[place] += 1 }
      }
    }
    #expect(counts[0] == 0 && counts.dropFirst().allSatisfy { $0 > 20 })
    #expect(counts.reduce(0, +) == 2000 * 6)
    #expect(
      corruption.spans(in: 40, random: RandomKey(seed: 1)) != corruption.spans(in: 40, random: RandomKey(seed: 2)))
  }

  @Test("A target of other sentinels gives no text")
  func broken() {
    let pair = SpanCorruption.Pair(source: [1, 90, 2], target: [91, 5, 92])
    #expect(SpanCorruption.text(pair, sentinels: [90, 91, 92]) == nil)
  }

  @Test("Shares and lengths that cannot be are refused by field")
  func refusals() {
    var corruption = SpanCorruption()
    (corruption.share, corruption.meanLength) = (1, 0.5)
    #expect(
      corruption.issues().map(\.description) == [
        "share: 1.0 is outside (0, 1)", "meanLength: 0.5 is not at least 1",
      ])
  }
}
