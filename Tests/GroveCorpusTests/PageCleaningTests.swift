import GroveCore
import GroveCorpus
import Testing

@Suite("The cleaning of pages")
struct PageCleaningTests {
  private static func cleaned(_ page: String, _ change: (inout PageCleaning) -> Void = { _ in }) -> String {
    var cleaning = PageCleaning()
    change(&cleaning)
    return switch cleaning.cleaned(Array(page.utf8)) {
    case .kept(let text): String(decoding: text, as: UTF8.self)
    case .removed(let reason): "removed: \(reason.rawValue)"
    }
  }

  @Test("Lines without a mark at their end, with too few words, or that ask for JavaScript are left out")
  func lines() {
    let page = """
      Home | News | About us and all of our friends
      The river rises in the hills. It is the longest one there.
      Read more.
      Please enable JavaScript to see the whole of this page.
        "Who would have thought of such a thing?"
      He said (and he was not the only one to say so.)
      Contact
      """
    #expect(
      Self.cleaned(page) == """
        The river rises in the hills. It is the longest one there.
          "Who would have thought of such a thing?"
        He said (and he was not the only one to say so.)
        """)
  }

  @Test("Programs, placeholders, refused words and pages of few sentences are left out whole")
  func pages() {
    let three = "This is a line of text. It has three sentences in it. Here is the last one of them."
    #expect(Self.cleaned(three) == three)
    #expect(Self.cleaned(three + "\nif (a) { b }") == "removed: brace")
    #expect(Self.cleaned(three + "\nLorem Ipsum dolor") == "removed: placeholder")
    #expect(Self.cleaned(three) { $0.refusedWords = ["line"] } == "removed: refusedWord")
    #expect(Self.cleaned(three) { $0.refusedWords = ["lin", "sentence"] } == three, "whole words alone")
    #expect(Self.cleaned("This is a line of text. It has two sentences in it.") == "removed: fewSentences")
    #expect(Self.cleaned("") == "removed: fewSentences")
  }

  @Test("A mark within a word ends no sentence: version 3.5 of www.example.org is one")
  func marks() {
    #expect(
      Self.cleaned("It is version 3.5 of www.example.org and no other one.") { $0.sentencesOfPage = 2 }
        == "removed: fewSentences")
  }

  @Test("Limits of zero keep every line that ends as a sentence")
  func none() {
    #expect(Self.cleaned("Yes.\nNo") { ($0.wordsOfLine, $0.sentencesOfPage) = (0, 0) } == "Yes.")
    var cleaning = PageCleaning()
    (cleaning.wordsOfLine, cleaning.sentencesOfPage) = (-1, -2)
    #expect(
      cleaning.issues().map(\.description) == ["wordsOfLine: -1 is negative", "sentencesOfPage: -2 is negative"])
  }

  @Test("Three sentences that stood before are left out, wherever their lines end; two may stand again")
  func repeats() {
    var spans = RepeatedSpans()
    func filtered(_ page: String) -> String? {
      spans.filtered(Array(page.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(filtered("One is first. Two is next.\nThree ends it.") == "One is first. Two is next.\nThree ends it.")
    #expect(filtered("A new one. One is first.\nTwo is next. Three ends it. More.") == "A new one.\nMore.")
    #expect(filtered("One is first. Two is next. But then?") == "One is first. Two is next. But then?")
    #expect(filtered("One is first.\nTwo is next.\nThree ends it.") == nil)
  }

  @Test("Any bytes are a page, in time that grows with their number")
  func hostile() {
    for page in [
      "\n\n\n", String(repeating: ".", count: 50_000), String(repeating: "\" ", count: 50_000), "\u{FEFF}”””.",
    ] {
      _ = Self.cleaned(page)
    }
    var spans = RepeatedSpans()
    #expect(spans.filtered(Array(String(repeating: "a. ", count: 10_000).utf8)) == Array("a.".utf8))
  }
}
