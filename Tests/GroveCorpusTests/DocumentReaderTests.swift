import Foundation
import GroveCore
import GroveCorpus
import Testing

@Suite("Documents come out of files of every kind")
struct DocumentReaderTests {
  private func read(
    _ paths: [URL], _ options: ReadingOptions = ReadingOptions(domain: .fileName, brokenLines: .skip)
  ) throws -> (documents: [Document], problems: [String], summary: ReadingSummary) {
    var problems: [String] = []
    let reader = DocumentReader(try CorpusFiles(paths), options) { problems.append($0.description) }
    var documents: [Document] = []
    while let document = try reader.next() { documents.append(document) }
    return (documents, problems, reader.summary)
  }

  private func texts(_ documents: [Document]) -> [String] { documents.map { String(decoding: $0.text, as: UTF8.self) } }

  @Test("The same lines give the same documents plain, packed, in several members and in several frames")
  func packings() throws {
    let folder = try TemporaryFolder()
    let lines = ["{\"text\": \"one\"}\n{\"te", "xt\": \"two\"}\n", "{\"text\": \"three\"}"]
    let frame: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]  // skippable, RFC 8878 §3.1.2
    let files = [
      try folder.file("a/web.jsonl", lines.joined()), try folder.file("b/web.jsonl.gz", Packed.gzip(lines.joined())),
      try folder.file("c/web.jsonl.gz", lines.flatMap(Packed.gzip)),
      try folder.file("d/web.jsonl.gz", Packed.gzip(lines.joined()) + [0, 0, 0]),
      try folder.file("e/web.jsonl.zst", Packed.zstandard(lines.joined())),
      try folder.file("f/web.jsonl.zst", Packed.zstandard(lines[0]) + frame + lines[1...].flatMap(Packed.zstandard)),
    ]
    for file in files {
      let (documents, problems, _) = try read([file])
      #expect(texts(documents) == ["one", "two", "three"], "\(file.path)")
      #expect(documents.map(\.id) == (1...3).map { "\(file.lastPathComponent):\($0)" })
      #expect(documents.map(\.domain) == ["web", "web", "web"])
      #expect(problems == [])
    }
  }

  @Test("What a writer of Zstandard packed is read again, and stands under its name only when it is whole")
  func packedByOurselves() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("x.jsonl.zst", "")
    try FileSystem.remove(file)
    let writer = try ZstandardWriter(file)
    let lines = (0..<20_000).map { "{\"text\": \"number \($0) of many\"}\n" }
    for line in lines { try writer.write(line) }
    #expect(!FileSystem.exists(file))
    try writer.commit()
    #expect(try FileSystem.byteCount(of: file) < lines.joined().utf8.count / 4)
    let read = try read([file])
    #expect(texts(read.documents) == (0..<20_000).map { "number \($0) of many" } && read.problems == [])
  }

  @Test("What gzip and zstd themselves pack is read")
  func realTools() throws {
    // printf '{"text": "%s"}\n' aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb | gzip -9n (1.12) | base64
    // the same through zstd -19 (1.5.4)
    let gzip = "H4sIAAAAAAACA6tWKkmtKFGyUlBKxAGUarmq4YqScACgIgCLfhdZSgAAAA=="
    let zstd = "KLUv/QRo5QAAkHsidGV4dCI6ICJhIn0KYiJ9CgMAbhVIwaMGXgKSXCk="
    let folder = try TemporaryFolder()
    for (name, text) in [("x.jsonl.gz", gzip), ("x.jsonl.zst", zstd)] {
      let file = try folder.file(name, Array(try #require(Data(base64Encoded: text))))
      let documents = try read([file]).documents
      #expect(texts(documents) == [String(repeating: "a", count: 24), String(repeating: "b", count: 24)])
    }
  }

  @Test("Byte order mark, CRLF, blank lines and a last line without an end are no trouble; lines keep their numbers")
  func lineEndings() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file(
      "x.jsonl",
      "\u{FEFF}{\"text\":\"a\"}\r\n\r\n  \t\n{\"id\":5,\"text\":\"b\\u00e9\\n\"}\r\n{\"text\":\"\",\"id\":null}")
    let (documents, problems, summary) = try read([file])
    #expect(texts(documents) == ["a", "bé\n", ""])
    #expect(documents.map(\.id) == ["x.jsonl:1", "5", "x.jsonl:5"])
    #expect(documents.map(\.origin.line) == [1, 4, 5])
    #expect(problems == [])
    #expect(summary.bytes == 5 && summary.documents == 3 && summary.problems == 0)
  }

  @Test("Folders are read in the byte order of their names, other files are counted, text files are one document each")
  func folders() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("b.txt", "\u{FEFF}whole\r\nfile\n")
    _ = try folder.file("a/z.jsonl", "{\"text\":\"z\"}\n")
    _ = try folder.file("a/README.md", "no")
    _ = try folder.file("B.txt.gz", Packed.gzip("big B"))
    _ = try folder.file("data.bin", "no")
    let (documents, _, summary) = try read([folder.url])
    #expect(documents.map(\.id) == ["B.txt.gz:1", "a/z.jsonl:1", "b.txt:1"])
    #expect(documents.map(\.domain) == ["B", "z", "b"])
    #expect(texts(documents) == ["big B", "z", "whole\r\nfile\n"])
    #expect(summary.ignoredFiles == 2 && summary.files == 3)
  }

  @Test("Domain, language and source come from the fields that the options name")
  func fields() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file(
      "x.jsonl", #"{"content":"t","key":"k","set":"books","lang":"en","url":"u","text":5}"# + "\n" + #"{"content":"t"}"#
    )
    var options = ReadingOptions(domain: .field("set"), brokenLines: .skip)
    options.fields.text = "content"
    options.fields.id = "key"
    options.fields.language = "lang"
    options.fields.source = "url"
    let (documents, problems, _) = try read([file], options)
    #expect(
      documents == [
        Document(
          id: "k", text: Array("t".utf8), domain: "books", language: "en", source: "u",
          origin: DocumentOrigin(file: "x.jsonl", line: 1))
      ])
    #expect(problems == ["x.jsonl:2: the key 'set' is missing"])
  }

  @Test("One key may be read for several purposes", arguments: ["source", "language", "id", "text"])
  func sharedKeys(key: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("x.jsonl", #"{"text":"t","id":"k","source":"books","language":"en"}"#)
    var options = ReadingOptions(domain: .field(key), brokenLines: .skip)
    let (documents, problems, _) = try read([file], options)
    #expect(problems == [])
    let values = ["source": "books", "language": "en", "id": "k", "text": "t"]
    #expect(
      documents == [
        Document(
          id: "k", text: Array("t".utf8), domain: values[key] ?? "", language: "en", source: "books",
          origin: DocumentOrigin(file: "x.jsonl", line: 1))
      ])
    options.fields.text = key
    options.fields.id = key
    let same = try read([file], options)
    #expect(same.problems == [])
    #expect(texts(same.documents) == [values[key] ?? ""] && same.documents.map(\.id) == texts(same.documents))
  }

  @Test("Every broken line is counted and told, and the good ones around it are kept")
  func brokenLines() throws {
    let folder = try TemporaryFolder()
    var bytes = Array("{\"text\":\"good\"}\n{\"text\":\"cut\n[1]\n{\"id\":\"x\"}\n{\"text\":7}\n{\"text\":null}\n".utf8)
    bytes += Array("{\"text\":\"".utf8) + [0xC3, 0x28] + Array("\"}\n".utf8)
    bytes += Array("{\"text\":\"a\",\"id\":[]}\n{\"text\":\"\(String(repeating: "x", count: 100))\"}\n".utf8)
    bytes += Array("{\"text\":\"end\"}".utf8)
    let file = try folder.file("x.jsonl", bytes)
    var options = ReadingOptions(domain: .fileName, brokenLines: .skip)
    options.byteLimit = 60
    let (documents, problems, summary) = try read([file], options)
    #expect(texts(documents) == ["good", "end"])
    #expect(
      problems == [
        "x.jsonl:2: not JSON at column 9: the string does not end", "x.jsonl:3: the line is JSON, but not an object",
        "x.jsonl:4: the key 'text' is missing", "x.jsonl:5: the value of 'text' is not a text",
        "x.jsonl:6: the value of 'text' is not a text", "x.jsonl:7: not UTF-8 at column 10",
        "x.jsonl:8: the value of 'id' is not a text", "x.jsonl:9: longer than the limit of 60 bytes",
      ])
    #expect(summary.problems == 8)
    options.brokenLines = .fail
    #expect(
      message { try read([file], options) }
        == "x.jsonl:2: not JSON at column 9: the string does not end. Correct the line, or read with broken lines skipped."
    )
  }

  @Test("A packed file that is cut off or altered loses its rest, with the byte, and the next file is read")
  func brokenStreams() throws {
    let folder = try TemporaryFolder()
    let text = "{\"text\":\"one\"}\n{\"text\":\"two\"}\n"
    let gzip = Packed.gzip(text)
    _ = try folder.file("a.jsonl.gz", Array(gzip.dropLast(20)))
    _ = try folder.file("b.jsonl.gz", gzip + Array("junk".utf8))
    _ = try folder.file("c.jsonl.zst", Array(Packed.zstandard(text).dropLast(3)))
    _ = try folder.file("d.jsonl.zst", Packed.zstandard(text) + Array("junk".utf8))
    _ = try folder.file("e.jsonl.gz", [UInt8]())
    _ = try folder.file("f.jsonl.zst", [UInt8]())
    _ = try folder.file("g.jsonl", "{\"text\":\"last\"}")
    let (documents, problems, _) = try read([folder.url])
    #expect(texts(documents) == ["one", "one", "two", "one", "one", "two", "last"])
    #expect(
      problems == [
        "a.jsonl.gz:2: the gzip data ends too early, at byte \(gzip.count - 20)",
        "b.jsonl.gz:3: the gzip data is broken at byte \(gzip.count + 2): incorrect header check",
        "c.jsonl.zst:2: the zstandard data ends too early, at byte 36",
        "d.jsonl.zst:3: the zstandard data is broken at byte 43: unknown frame descriptor",
        "e.jsonl.gz:1: the gzip data ends too early, at byte 0",
        "f.jsonl.zst:1: the zstandard data ends too early, at byte 0",
      ])
    var options = ReadingOptions(domain: .fileName, brokenLines: .fail)
    options.byteLimit = 100
    #expect(
      message { try read([folder.url.appending(path: "c.jsonl.zst")], options) }
        == "c.jsonl.zst:2: the zstandard data ends too early, at byte 36. Fetch the file again.")
  }

  @Test("A line of 8 MB with a limit of 1,000 bytes needs no more memory than a short one")
  func constantMemory() throws {
    let folder = try TemporaryFolder()
    let good = "{\"text\":\"good\"}\n"
    let long = "{\"text\":\"" + String(repeating: "x", count: 8 << 20) + "\"}\n"
    let file = try folder.file("x.jsonl", good + long + good)
    let short = try folder.file("y.jsonl", good)
    var options = ReadingOptions(domain: .fileName, brokenLines: .skip)
    options.byteLimit = 1000
    let (documents, problems, summary) = try read([file], options)
    #expect(texts(documents) == ["good", "good"])
    #expect(problems == ["x.jsonl:2: longer than the limit of 1000 bytes"])
    #expect(summary.peakBufferBytes == (try read([short], options).summary.peakBufferBytes))
    options.byteLimit = 16 << 20
    let whole = try read([file], options)
    #expect(whole.documents.map(\.text.count) == [4, 8 << 20, 4])
    #expect(whole.summary.peakBufferBytes <= 16 << 20)
  }

  @Test("Paths that hold no documents are refused in words")
  func badPaths() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("a/x.jsonl", "")
    _ = try folder.file("b/x.jsonl", "")
    let other = try folder.file("x.md", "")
    #expect(
      message(folder) { try CorpusFiles([other]) }
        == "DIR/x.md: the ending is not one that holds documents. Use .jsonl or .txt, alone or followed by .gz or .zst."
    )
    #expect(
      message(folder) { try CorpusFiles([folder.url.appending(path: "none")]) }
        == "DIR/none: cannot open: no such file or directory")
    #expect(
      message(folder) { try CorpusFiles([folder.url.appending(path: "a"), folder.url.appending(path: "b")]) }
        == "DIR/b/x.jsonl: has the same name in the corpus as DIR/a/x.jsonl. "
        + "Give the folder above both, or rename one: documents are told apart by these names.")
    try FileManager.default.createSymbolicLink(
      at: folder.url.appending(path: "a/loop"), withDestinationURL: folder.url.appending(path: "a"))
    #expect(
      message(folder) { try CorpusFiles([folder.url]) }
        == "DIR/a/loop: the folder contains itself through a link. Remove the link.")
  }
}
