import ArgumentParser
import Foundation
import GroveCore
import GroveForest
import GroveReport

struct ForestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forest",
    abstract: "Forests of expert models: branched from one seed, trained apart, used together.",
    subcommands: [
      ForestGrowCommand.self, ForestListCommand.self, ForestShowCommand.self, ForestRemoveCommand.self,
      ForestRestoreCommand.self, ForestAddCommand.self, ForestEvalCommand.self, ForestGenerateCommand.self,
      ForestAverageCommand.self, ForestExportCommand.self,
    ])
}

/// Which forest a command is about.
struct ForestOption: ParsableArguments {
  @Argument(help: "Folder of a forest.") var folder: String

  var forest: ForestFolder { ForestFolder(URL(filePath: folder)) }
}

struct ForestListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the members of a forest.")

  @OptionGroup var place: ForestOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let manifest = try ForestManifest(place.forest)
    var table = TextTable(("member", .left), ("tokens", .right), ("steps", .right), ("from", .left), ("", .left))
    func add(_ member: ForestManifest.Member, _ state: String) {
      table.add(
        member.name, NumberText.short(member.trainingTokens), "\(member.step)", ForestText.parents(member.parents),
        state)
    }
    if let seed = manifest.seed { add(seed, "seed phase") }
    if let dense = manifest.dense { add(dense, "to compare with") }
    for expert in manifest.experts { add(expert, "") }
    for expert in manifest.removed { add(expert, "removed") }
    output.show(table.text, json: ForestText.json(manifest, place.forest))
  }
}

struct ForestShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a forest or one of its experts; --verify recomputes the hashes.")

  @OptionGroup var place: ForestOption
  @Argument(help: "An expert; without one the whole forest.") var expert: String?
  @Flag(help: "Recompute the hashes of all members, and name the first file that differs.") var verify = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let (forest, manifest) = (place.forest, try ForestManifest(place.forest))
    if verify { try manifest.verify(forest) }
    if let expert {
      let member = try manifest.expert(expert, in: forest)
      return output.show(ForestText.describe(member, forest), json: ForestText.json(member, forest))
    }
    output.show(
      """
      \(forest.name): \(manifest.experts.count) experts\(manifest.seed == nil ? ", no seed phase" : "")\
      \(manifest.removed.isEmpty ? "" : ", \(manifest.removed.count) removed")
      training tokens  \(NumberText.short(manifest.trainingTokens))
      tokenizer        \(manifest.tokenizerFingerprint.prefix(12))…
      config           \(forest.config.relativePath)
      \(verify ? "all members are what the manifest says" : "'grove forest list \(place.folder)' lists the members")
      """, json: ForestText.json(manifest, forest))
  }
}

struct ForestRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take experts out of use; the others, and all files, stay as they are.")

  @OptionGroup var place: ForestOption
  @Argument(help: "Experts to remove.") var experts: [String]
  @Flag(help: "Also delete the runs of these experts.") var delete = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let manifest = try place.forest.remove(experts, files: delete ? .delete : .keep)
    output.show(
      "\(experts.joined(separator: ", ")) removed; \(manifest.experts.count) experts are left",
      json: ForestText.json(manifest, place.forest))
  }
}

struct ForestRestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Take experts that were removed back into use.")

  @OptionGroup var place: ForestOption
  @Argument(help: "Experts to take back.") var experts: [String]
  @OptionGroup var output: OutputOptions

  func run() throws {
    let manifest = try place.forest.restore(experts)
    output.show(
      "\(experts.joined(separator: ", ")) restored; there are \(manifest.experts.count) experts",
      json: ForestText.json(manifest, place.forest))
  }
}
