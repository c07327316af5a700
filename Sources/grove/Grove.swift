import ArgumentParser
import GroveCore

@main
struct Grove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grove",
    abstract: "A language-model laboratory: from a folder of text to trained, resumable, explainable models.",
    discussion: """
      Results go to standard output (as JSON with --json), progress and warnings to standard error.
      Exit codes: 0 done, 1 failed, 64 misuse.
      """,
    version: groveVersion,
    subcommands: [
      DemoCommand.self, DoctorCommand.self, CorpusCommand.self, DomainsCommand.self, TokenizerCommand.self,
      ShardCommand.self, TrainCommand.self, RunCommand.self, ModelCommand.self, GenerateCommand.self, ChatCommand.self,
      EvalCommand.self,
      ForestCommand.self, MergeCommand.self, RecipeCommand.self, BenchCommand.self,
    ])
}
