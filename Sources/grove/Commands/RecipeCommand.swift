public import ArgumentParser
import Foundation
import GroveCore
public import GroveRecipes
import GroveReport
import GroveTensor

struct RecipeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "Papers that run, and say by themselves whether their claim came out.",
    subcommands: [RecipeListCommand.self, RecipeShowCommand.self, RecipeRunCommand.self])
}

extension RecipeScale: ExpressibleByArgument {}

struct RecipeListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the recipes.")

  @OptionGroup var output: OutputOptions

  func run() {
    var table = TextTable(("recipe", .left), ("year", .right), ("paper", .left))
    for recipe in Recipes.all { table.add(recipe.id, "\(recipe.paper.year)", recipe.paper.title) }
    output.show(
      table.text,
      json: .array(
        Recipes.all.map {
          ["id": .string($0.id), "title": .string($0.paper.title), "year": .integer($0.paper.year)]
        }))
  }
}

struct RecipeShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a recipe: claim, criteria, where it differs from the paper.")

  @Argument(help: "An id of 'grove recipe list'.") var id: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let recipe = try Recipes.named(id)
    let criteria = recipe.criteria.map { "  \($0.id) (\($0.kind.rawValue)): \($0.statement)" }
    let differences = recipe.differences.map { "  \($0)" }
    output.show(
      ([recipe.paper.citation, "", recipe.claim, "", "Criteria, all of which must be met:"] + criteria
        + ["", "Where it differs from the paper:"] + differences).joined(separator: "\n"),
      json: [
        "id": .string(recipe.id), "paper": .string(recipe.paper.citation), "claim": .string(recipe.claim),
        "criteria": .array(
          recipe.criteria.map {
            ["id": .string($0.id), "kind": .string($0.kind.rawValue), "statement": .string($0.statement)]
          }), "differences": .array(recipe.differences.map { .string($0) }),
      ])
  }
}

struct RecipeRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a recipe, or go on with it, and judge its criteria.",
    discussion: "Arms that are finished are not trained again. Results do not depend on the number of workers.")

  @Argument(help: "An id of 'grove recipe list'.") var id: String
  @Option(help: "smoke (seconds), tiny (minutes) or full (the paper's setting).") var scale = RecipeScale.tiny
  @Option(help: "Folder of the run; runs/ID-SCALE where none is named.") var out: String?
  @Option(help: "The first seed; the others count on from it.") var seed = 1
  @Option(help: "Folder of the corpus.") var corpus = "Examples/demo"
  @Option(help: "Arms at a time, a thread each; 0 takes the machine's cores.") var workers = 0
  @OptionGroup var hardware: DeviceOption
  @Option(name: .customLong("set"), help: "Override one field of the scale's config: --set seeds=3.")
  var overrides: [String] = []
  @Flag(help: "Print the arms, seeds, parameters, tokens and FLOPs; train nothing.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let recipe = try Recipes.named(id)
    let plan = try recipe.plan(scale, overrides: overrides)
    if dryRun { return show(plan) }
    if scale == .full, !output.quiet { Terminal.note(text(of: plan)) }
    let view = RecipeView(quiet: output.quiet, arms: plan.runs)
    StopSignals.install()
    let run = try RecipeRun(
      folder: URL(filePath: out ?? "runs/\(id)-\(scale.rawValue)"), scale: scale, corpus: URL(filePath: corpus),
      firstSeed: seed, workers: workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount,
      device: hardware.device,
      overrides: overrides, shouldStop: { StopSignals.isRequested }, onEvent: { view.receive($0) })
    do {
      let command = (["grove"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
      let result = try RecipeRunner.run(recipe, run, command: command)
      view.end()
      try output.show(result.text, json: result.json())
    } catch let stop as RecipeInterrupted {
      view.end()
      Terminal.note("\(stop)")
      throw ExitCode(130)
    }
  }

  private func show(_ plan: RecipePlan) { output.show(text(of: plan), json: plan.json) }

  private func text(of plan: RecipePlan) -> String {
    var table = TextTable(
      ("arm", .left), ("seeds", .right), ("parameters", .right), ("tokens a seed", .right), ("FLOPs a seed", .right))
    for arm in plan.arms {
      table.add(
        arm.name, "\(arm.seeds)", NumberText.short(arm.parameters), NumberText.short(arm.tokens),
        String(format: "%.2g", arm.operations))
    }
    return ([table.text, String(format: "%.2g FLOPs in all", plan.operations)] + plan.notes).joined(separator: "\n")
  }
}
