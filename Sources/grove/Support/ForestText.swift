import Foundation
import GroveCore
import GroveEval
import GroveForest
import GroveJobs
import GroveReport

/// Forests in words and as JSON.
enum ForestText {
  static func parents(_ parents: [ForestManifest.Parent]) -> String {
    if parents.isEmpty { return "random weights" }
    if parents.count == 1 { return parents[0].name }
    return parents.sorted { $0.weight > $1.weight }.map { "\($0.name) \(NumberText.fixed($0.weight, 2))" }
      .joined(separator: ", ")
  }

  static func describe(_ member: ForestManifest.Member, _ forest: ForestFolder) -> String {
    """
    \(member.name): step \(member.step), \(NumberText.short(member.trainingTokens)) tokens after \(parents(member.parents))
    domains     \(member.domains.isEmpty ? "all" : member.domains.joined(separator: ", "))
    data        \(member.data)
    run         \(forest.run(member.run).url.relativePath)
    checkpoint  \(member.checkpoint(in: forest).relativePath)
    weights     SHA-256 \(member.weights)
    """
  }

  static func json(_ manifest: ForestManifest, _ forest: ForestFolder) -> JSONValue {
    [
      "forest": .string(forest.url.relativePath), "tokenizer": .string(manifest.tokenizerFingerprint),
      "seed": manifest.seed.map { json($0, forest) } ?? .null,
      "dense": manifest.dense.map { json($0, forest) } ?? .null,
      "experts": .array(manifest.experts.map { json($0, forest) }),
      "removed": .array(manifest.removed.map { json($0, forest) }),
    ]
  }

  static func json(_ member: ForestManifest.Member, _ forest: ForestFolder) -> JSONValue {
    [
      "name": .string(member.name), "step": .integer(member.step), "trainingTokens": .integer(member.trainingTokens),
      "domains": .array(member.domains.map { .string($0) }), "data": .string(member.data),
      "run": .string(forest.run(member.run).url.relativePath),
      "checkpoint": .string(member.checkpoint(in: forest).relativePath), "weights": .string(member.weights),
      "parents": .object(member.parents.map { ($0.name, .number($0.weight)) }),
    ]
  }
}

extension ForestText {
  /// A job as a line that a shell would take.
  static func command(_ job: Job) -> String {
    (["grove"] + job.arguments).map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+%".contains($0) }
        ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }.joined(separator: " ")
  }
}

extension ForestText {
  static func json(
    _ entry: ForestEntry, _ difference: ForestJudgement.Difference, _ judgement: ForestJudgement
  ) -> JSONValue {
    func interval(_ interval: Interval?) -> [(String, JSONValue)] {
      [("low", interval.map { .number($0.lower) } ?? .null), ("high", interval.map { .number($0.upper) } ?? .null)]
    }
    let domains = zip(entry.summary.domains, difference.domains).map { row, change -> JSONValue in
      .object(
        [
          ("domain", .string(row.domain)), ("ownDomain", .bool(judgement.ownDomains.contains(row.domain))),
          ("documents", .integer(row.documents)), ("bitsPerByte", .number(row.bitsPerByte)),
          ("difference", .number(change.difference)),
        ] + interval(change.interval))
    }
    return .object(
      [
        ("name", .string(entry.name)), ("bitsPerByte", .number(entry.summary.meanOverDomains)),
        ("difference", .number(difference.mean.estimate)),
      ] + interval(difference.mean) + [
        ("trainingTokens", entry.trainingTokens.map { .integer($0) } ?? .null),
        ("trainingOperations", entry.trainingOperations.map { .number($0) } ?? .null),
        ("operationsPerToken", .number(entry.operationsPerToken)),
        ("passesPerToken", .number(entry.passesPerToken)), ("weightBytes", .integer(entry.weightBytes)),
        ("domains", .array(domains)),
        (
          "routing",
          .object(entry.routing.map { ($0.domain, .array($0.meanWeights.map { .number($0) })) })
        ),
      ])
  }
}
