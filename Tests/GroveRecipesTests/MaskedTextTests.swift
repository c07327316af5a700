import GroveRecipes
import Testing

@Suite("Words, pieces and names")
struct MaskedTextTests {
  @Test("A line becomes lower-case words without accents, punctuation each by itself")
  func words() {
    #expect(
      WordText.words(of: "Ménière's disease, H81.0 (bilateral)")
        == ["meniere", "'", "s", "disease", ",", "h81", ".", "0", "(", "bilateral", ")"])
    #expect(WordText.words(of: "  ") == [])
  }

  @Test("A word is cut by the longest piece from the left; one that cannot be written has no parts")
  func pieces() throws {
    let vocabulary = try WordPieces(["a", "b", "##a", "##b", "ab", "##ba"])
    #expect(vocabulary.count == 11)
    #expect(vocabulary.parts(of: ["abba", "aab", "abc"]) == [["ab", "ba"], ["a", "a", "b"], nil])
    #expect(throws: (any Error).self) { _ = try WordPieces(["a", "a"]) }
  }

  @Test("Morphemes come by frequency behind the characters, a start apart from what goes on, then the other vocabulary")
  func morphemeVocabulary() {
    let counts = ["ab": 3, "aab": 2, "b": 1]
    let parts = ["ab": ["a", "b"], "aab": ["a", "ab"]]
    let standard = ["a", "b", "##a", "##b", "ba", "##bb"]
    // "a" 5 and "##b" 3 are characters; "##ab" 2 is new; "b" stands once.
    #expect(
      MorphemeVocabulary.pieces(counts: counts, parts: parts, standard: standard, count: 6)
        == ["a", "b", "##a", "##b", "##ab", "ba"])
    #expect(MorphemeVocabulary.pieces(counts: counts, parts: parts, standard: standard, count: 5).last == "##ab")
  }

  @Test("Worked by hand: parts are matched in order")
  func segmentation() {
    var score = SegmentationScore()
    score.add(["neur", "itis"], gold: ["neur", "itis"])
    score.add(["gas", "tr", "itis"], gold: ["gastr", "itis"])  // one of three proposed, one of two
    score.add(["b", "a"], gold: ["a", "b"])  // in order, one matches
    #expect(score.matches == 4 && score.proposed == 7 && score.gold == 6)
    #expect(score.f1 == 8.0 / 13)
    #expect(SegmentationScore().f1 == 0)
  }

  @Test("The longest name from the left is found, then what is behind it")
  func names() {
    let names = NameSpans([["Typhoid fever", "fever", "ulcer"], ["ulcer", "Small intestine", "intestine"]])
    let words = WordText.words(of: "ulcer of small intestine with typhoid fever, fever")
    #expect(
      names.spans(in: words) == [
        .init(0..<1, kind: 0), .init(2..<4, kind: 1), .init(5..<7, kind: 0), .init(8..<9, kind: 0),
      ])
    #expect(NameSpans([]).spans(in: words) == [])
  }

  @Test("Spans become classes of words and spans again, neighbours of one kind included")
  func tags() {
    let spans: [NameSpans.Span] = [.init(0..<2, kind: 0), .init(2..<3, kind: 0), .init(4..<6, kind: 1)]
    let tags = SpanTags.tags(spans, count: 7)
    #expect(tags == [1, 2, 1, 0, 3, 4, 0])
    #expect(SpanTags.spans(tags) == spans)
    // What goes on with nothing, or with another kind, begins a span.
    #expect(SpanTags.spans([0, 2, 4]) == [.init(1..<2, kind: 0), .init(2..<3, kind: 1)])
  }

  @Test("Worked by hand: F1 counts spans that are found exactly")
  func f1() {
    let gold: [[NameSpans.Span]] = [[.init(0..<2, kind: 0)], [.init(1..<2, kind: 1), .init(3..<4, kind: 0)]]
    let found: [[NameSpans.Span]] = [[.init(0..<2, kind: 0)], [.init(1..<2, kind: 0)]]
    #expect(SpanTags.f1(found: found, of: gold) == 2.0 / 5)
    #expect(SpanTags.f1(found: [[]], of: [[]]) == 0)
  }
}
