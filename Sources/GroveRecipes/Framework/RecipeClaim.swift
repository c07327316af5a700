import Foundation
import GroveCore
import GroveTensor
import GroveTrain

/// All that decides a run's results; it stands in the run's folder, so that arms of different texts, builds or configs
/// never meet in one judgement.
struct RecipeClaim {
  private let content: JSONValue

  static let fileName = "recipe.json"

  /// - Throws: `GroveError` if a file of the corpus cannot be read.
  /// - Complexity: reads every file of the corpus that the recipe reads, for its hash.
  init<Chosen: Recipe>(_ recipe: Chosen, _ config: Chosen.Settings, _ run: RecipeRun) throws {
    let files = try recipe.sources(config, in: run.corpus)
    content = [
      "recipe": .string(recipe.id), "scale": .string(run.scale.rawValue), "firstSeed": .integer(run.firstSeed),
      "device": .string("\(run.device)"), "grove": .string(groveVersion), "libtorch": .string(try Torch.version()),
      "corpus": .object(try files.map { ($0.name, .string(try ContentHash.ofFile($0.url))) }),
      "config": try config.json(),
    ]
  }

  /// Writes the claim into an empty folder, or checks that the folder was begun with the same.
  /// - Throws: `GroveError` with code `.mismatch` that names what differs, `.file` for a folder with other content.
  func take(_ folder: URL) throws {
    let file = folder.appending(path: RecipeClaim.fileName)
    if FileSystem.exists(file) {
      let differences = content.differences(from: try JSONValue(contentsOf: file))
      if differences.isEmpty { return }
      throw GroveError(
        .mismatch, folder.path, "holds another run: \(differences.joined(separator: "; "))",
        remedy: "Name another folder with --out.")
    }
    if FileSystem.isFolder(folder), try !FileSystem.entries(of: folder).isEmpty {
      throw GroveError(
        .file, folder.path, "the folder is not empty and holds no run of a recipe",
        remedy: "Name another folder with --out.")
    }
    try FileSystem.makeFolder(folder)
    try FileSystem.write(content.prettyText + "\n", to: file)
  }
}
