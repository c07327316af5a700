import ArgumentParser
import Foundation
import GroveCore
import GroveForest
import GroveMerge
import GroveReport

struct ForestExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Make one sparse mixture of experts of a forest, in Mixtral's format.",
    discussion: """
      Feed-forward layers stay apart behind a router; attention, norms and embeddings are averaged. The router begins as \
      'hidden' (it points to the expert whose texts the hidden state resembles), 'random' or 'uniform'. It is made for \
      training that goes on; the forest itself predicts better than a mixture that was never trained.
      """)

  /// What the router begins as.
  enum RouterName: String, ExpressibleByArgument, CaseIterable {
    case hidden, random, uniform
  }

  @OptionGroup var place: ForestOption
  @Option(help: "Folder of the result; it must not be there yet.") var out: String
  @Option(help: "Experts that a token goes through.") var expertsPerToken = 2
  @Option(help: "hidden, random or uniform.") var router = RouterName.hidden
  @Option(help: "For the hidden router: tokens of each expert's texts that are read.") var routerTokens = 20_000
  @Option(help: "Seed of a random router.") var seed = 0
  @Option(help: "float32, bfloat16 or float16; 'automatic' keeps that of the experts.") var dtype = MergeDType.automatic
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if expertsPerToken < 1 { throw ValidationError("--experts-per-token: \(expertsPerToken) is not positive") }
    if routerTokens < 1 { throw ValidationError("--router-tokens: \(routerTokens) is not positive") }
    if seed < 0 { throw ValidationError("--seed: \(seed) is negative") }
  }

  func run() throws {
    let kind: ForestExport.Router =
      switch router {
      case .hidden: .hidden(tokensPerExpert: routerTokens)
      case .random: .random(seed: seed)
      case .uniform: .uniform
      }
    let export = try ForestExport(place.forest, expertsPerToken: expertsPerToken, router: kind, dtype: dtype)
    let progress = ProgressView(quiet: output.quiet)
    var isBegun = false
    let parameters = try export.write(to: URL(filePath: out)) { done, total in
      if !isBegun { progress.begin("export", total: total, unit: "tensors") }
      isBegun = true
      progress.update(done)
    }
    progress.end()
    output.show(
      "\(out): \(export.experts.count) experts, \(expertsPerToken) a token, \(NumberText.short(parameters)) parameters",
      json: [
        "folder": .string(out), "experts": .array(export.experts.map { .string($0) }),
        "expertsPerToken": .integer(expertsPerToken), "router": .string(router.rawValue),
        "parameters": .integer(parameters),
      ])
  }
}
