import ArgumentParser
import Foundation
import GroveCluster
import GroveCore
import GroveReport

struct DomainsTreeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tree",
    abstract: "Group languages by their typology: a tree by single linkage, cut into groups.",
    discussion: """
      Without --features, the syntax of 30 languages as URIEL has it (Littell et al. 2017, CC BY-SA 4.0). --near names the \
      language that an expert for another one would begin from.
      """)

  @Option(help: "CSV of your own: a row of headings, then name,value,value…; empty cells are unknown.")
  var features: String?
  @Option(parsing: .upToNextOption, help: "Languages to group; all of the table if none is named.")
  var languages: [String] = []
  @Option(help: "Groups to make.") var groups: Int
  @Option(help: "paired (groups of like sizes, as in X-ELM) or tree.") var cut = LanguageTree.Cut.paired
  @Option(help: "Also name the nearest language to this one.") var near: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let table = try features.map { try FeatureTable(csv: URL(filePath: $0)) } ?? .syntax
    var chosen = languages.isEmpty ? table.names : languages
    if let near, !chosen.contains(near) { chosen.append(near) }
    let tree = try LanguageTree(table, languages: chosen)
    let groups = try tree.groups(groups, cut)
    var lines = tree.joins.map {
      "\(NumberText.fixed($0.distance, 4))  \($0.first.joined(separator: " ")) + \($0.second.joined(separator: " "))"
    }
    lines += ["", "\(groups.count) groups"] + groups.enumerated().map { "\($0): \($1.joined(separator: " "))" }
    var json: [(key: String, value: JSONValue)] = [
      ("groups", .array(groups.map { .array($0.map { .string($0) }) })),
      (
        "joins",
        .array(
          tree.joins.map {
            [
              "first": .array($0.first.map { .string($0) }), "second": .array($0.second.map { .string($0) }),
              "distance": .number($0.distance),
            ]
          })
      ),
    ]
    if let near {
      let parent = try tree.nearest(to: near, among: chosen)
      lines.append("nearest to \(near): \(parent.name), joined at \(NumberText.fixed(parent.distance, 4))")
      json.append(("nearest", ["name": .string(parent.name), "distance": .number(parent.distance)]))
    }
    output.show(lines.joined(separator: "\n"), json: .object(json))
  }
}
