import Foundation
import GroveCore
import GroveModel
import GroveTrain

/// Multitask prompted fine-tuning: a trained model is tuned to many templated tasks at once, and asked what it was not tuned to.
struct BloomTuning: Sendable {
  let config: BloomConfig
  let run: RecipeRun
  let tuning: InstructionTuning

  static let arm = "tuned"

  /// A kind of question; also the name of a series, behind the model's.
  enum Question: String, CaseIterable {
    /// Taught tasks in taught languages: is what greedy decoding writes right to its end?
    case taught
    /// Held-out tasks: the right answer among those to other lists.
    case heldOut = "held-out tasks"
    /// Taught tasks in languages that were not taught: the right answer among those of other tasks.
    case absent = "absent languages"
    /// As the latter, in taught languages.
    case present = "taught languages"
  }

  static func series(_ model: String, _ question: Question) -> String { "\(model), \(question.rawValue)" }

  /// Tunes the base of a seed; what it and the base answer, 1 for right.
  func figures(seed: Int, in place: URL) throws -> ArmFigures {
    let pretrained = RunFolder(run.place(of: BloomRecipe.alibi, seed: seed).appending(path: "run"))
    let (base, tuned) = (pretrained.checkpoint(step: config.training.steps), place.appending(path: "tuned"))
    let steps = config.instructions.steps
    try tuning.tune(base, on: config.taught, seed: seed, to: tuned) { step, loss in
      try run.checkStop()
      run.onEvent(.step(arm: Self.arm, seed: seed, step: step, of: steps, lossNats: loss))
    }
    var result = ArmFigures()
    for (name, checkpoint) in [("base", base), (Self.arm, tuned)] {
      let model = try ModelFolder.load(checkpoint)
      try model.prepare(.float32, training: false, device: run.device)
      for question in Question.allCases {
        result.series[Self.series(name, question)] = try answers(question, model)
      }
    }
    return result
  }

  private func answers(_ question: Question, _ model: any LanguageModel) throws -> [Double] {
    let examples = tuning.examples
    func chosen(_ questions: [[GreedyMatch.Item]]) throws -> [Double] {
      try OptionChoice.right(questions, under: model, device: run.device)
    }
    return switch question {
    case .taught: try config.taught.flatMap { try tuning.right($0, model) }
    case .heldOut: try chosen(config.heldOut.flatMap { examples.choicesAmongLists($0) })
    case .absent: try chosen(config.absent.flatMap { examples.choicesAmongTasks($0, config.taughtTasks) })
    case .present: try chosen(config.taught.flatMap { examples.choicesAmongTasks($0, config.taughtTasks) })
    }
  }
}
