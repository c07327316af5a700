import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus

struct CorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corpus", abstract: "Look at files of documents.", subcommands: [CorpusShowCommand.self])
}

struct CorpusShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Count documents and bytes per domain, and report broken lines.")

  @OptionGroup var corpus: CorpusOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let files = try corpus.files()
    var problems = 0
    let quiet = output.quiet
    let reader = DocumentReader(files, try corpus.readingOptions()) {
      problems += 1
      if !quiet { Terminal.note("\($0)") }
    }
    var domains: [String: (documents: Int, bytes: Int)] = [:]
    while let document = try reader.next() {
      domains[document.domain, default: (0, 0)].documents += 1
      domains[document.domain, default: (0, 0)].bytes += document.text.count
    }
    var table = TextTable(("domain", .left), ("documents", .right), ("bytes", .right))
    var list: [JSONValue] = []
    for (name, counts) in domains.sorted(by: { $0.key < $1.key }) {
      table.add(name, "\(counts.documents)", "\(counts.bytes)")
      list.append(["domain": .string(name), "documents": .integer(counts.documents), "bytes": .integer(counts.bytes)])
    }
    output.show(
      "\(table.text)\n\(files.files.count) files, \(problems) broken lines, \(files.ignored) files of other kinds",
      json: [
        "domains": .array(list), "files": .integer(files.files.count), "brokenLines": .integer(problems),
        "ignoredFiles": .integer(files.ignored),
      ])
  }
}
