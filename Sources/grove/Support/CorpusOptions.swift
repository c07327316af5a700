import ArgumentParser
import Foundation
import GroveCore
import GroveCorpus

/// Which files hold the documents, and how they are read.
struct CorpusOptions: ParsableArguments {
  @Argument(help: "Files or folders: .jsonl and .txt, alone or followed by .gz or .zst.") var paths: [String]
  @Option(help: "Key of the text in a JSON line.") var textField = "text"
  @Option(help: "Key of the document's id in a JSON line.") var idField = "id"
  @Option(help: "Where the domain comes from: 'file' (its name), 'field:KEY', or 'fixed:NAME'.") var domain = "file"
  @Option(help: "What to do with a line that is no document: 'skip' or 'fail'.") var brokenLines = "skip"

  func validate() throws {
    _ = try domainRule()
    guard BrokenLinePolicy(rawValue: brokenLines) != nil else {
      throw ValidationError("--broken-lines: '\(brokenLines)' is not skip or fail")
    }
  }

  func files() throws -> CorpusFiles { try CorpusFiles(paths.map { URL(filePath: $0) }) }

  func readingOptions() throws -> ReadingOptions {
    var options = ReadingOptions(
      domain: try domainRule(), brokenLines: BrokenLinePolicy(rawValue: brokenLines) ?? .skip)
    options.fields.text = textField
    options.fields.id = idField
    return options
  }

  private func domainRule() throws -> DomainRule {
    if domain == "file" { return .fileName }
    let parts = domain.split(separator: ":", maxSplits: 1).map(String.init)
    if parts.count == 2, parts[0] == "field" { return .field(parts[1]) }
    if parts.count == 2, parts[0] == "fixed" { return .fixed(parts[1]) }
    throw ValidationError("--domain: '\(domain)' is not file, field:KEY or fixed:NAME")
  }
}

/// Which documents are held out.
struct SplitOptions: ParsableArguments {
  @Option(help: "Share of the documents that is held out, decided by the hash of the id.") var validationShare = 0.05
  @Option(help: "Another seed holds out other documents.") var splitSeed: UInt64 = 0

  func rule() throws -> SplitRule { try SplitRule(validationShare: validationShare, seed: splitSeed) }
}
