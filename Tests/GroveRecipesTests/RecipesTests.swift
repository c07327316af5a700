import Foundation
import GroveCore
import GroveCorpus
import GroveRecipes
import GroveTesting
import GroveTokenizer
import GroveTrain
import Synchronization
import Testing

@Suite("Recipes")
struct RecipesTests {
  private func run(
    _ folder: URL, workers: Int = 2, overrides: [String] = [],
    onEvent: @escaping @Sendable (RecipeEvent) -> Void = { _ in }
  ) throws -> RecipeRun {
    try RecipeRun(
      folder: folder, scale: .smoke, corpus: Fixtures.demoCorpus, firstSeed: 1, workers: workers, device: .cpu,
      overrides: overrides, shouldStop: { false }, onEvent: onEvent)
  }

  @Test("At the scale smoke the mechanism works", arguments: Recipes.all.map(\.id))
  func smoke(id: String) throws {
    let recipe = try Recipes.named(id)
    try Fixtures.withTemporaryFolder { folder in
      let place = folder.appending(path: "run")
      let finished = Mutex(0)
      let run = try run(place, workers: 3) { if case .finished = $0 { finished.withLock { $0 += 1 } } }
      let result = try RecipeRunner.run(recipe, run, command: "test")
      #expect(finished.withLock { $0 } == (try recipe.plan(.smoke, overrides: []).runs), "the plan counts every arm")
      #expect(result.verdict == .mechanismOnly)
      #expect(result.criteria.map(\.criterion) == recipe.criteria)
      #expect(result.arms.count >= 3)
      #expect(result.text.contains("MECHANISM ONLY"))
      if id == "btm" { try ExpertRecipeChecks.branchTrainMerge(place) }
      if id == "c-btm" { try ExpertRecipeChecks.clusters(place) }
      if id == "x-elm" { try ExpertRecipeChecks.languages(place) }
      if id == "pythia" { try checkPythia(place) }
      if id == "rewarm" { try checkRewarm(place) }
      if id == "stability-gap" { try checkStabilityGap(place) }
      if id == "cmr-scaling-law" { try checkCriticalMixture(place) }
      if id == "dare-merge" { try checkDropAndRescale(place) }
      if id == "cpt-vs-instruct" { try checkInstructionResidual(place) }
      if id == "tiny-language-models" {
        let latency = try #require(result.arms.first { $0.arm == "latency" })
        // Of the machine, not of the three workers.
        #expect(try latency.figure("cores") == Double(ProcessInfo.processInfo.activeProcessorCount))
      }
    }
  }

  @Test("Arms that draw dropout from the one generator of the process do not run side by side")
  func dropout() throws {
    try Fixtures.withTemporaryFolder { folder in
      _ = #expect {
        let run = try run(folder.appending(path: "run"), workers: 2, overrides: ["encoder.dropout=0.25"])
        _ = try RecipeRunner.run(Recipes.named("tiny-language-models"), run, command: "test")
      } throws: {
        "\($0)"
          == "--workers: dropout of 0.25 draws from one generator of the whole process, so 2 arms at a time would change "
          + "each other's draws. Give --workers 1, or --set encoder.dropout=0."
      }
    }
  }

  /// What the folder of a suite promises, looked at from outside.
  private func checkPythia(_ place: URL) throws {
    let runs = ["w16", "w32"].map { RunFolder(place.appending(path: "arms/\($0)/seed-1/run")) }
    for step in [1, 7, 20] {
      let batches = try runs.map { try RunBatch($0, step: step, data: nil).sequences.map(\.tokens) }
      #expect(batches[0] == batches[1], "step \(step)")
    }
    let steps = try runs[0].checkpointSteps()
    #expect(Array(steps.prefix(6)) == [0, 1, 2, 4, 8, 16])
    #expect(try runs[1].checkpointSteps() == steps)
    // Each operand stands as often as its level says: two operands at each of 1, 2, 4 and 8.
    let lines = try String(
      decoding: FileSystem.read(place.appending(path: "data/texts/arithmetic.jsonl")), as: UTF8.self
    ).split(separator: "\n").flatMap { line in
      try JSONValue(parsing: Array(line.utf8), at: "arithmetic")["text"]?.stringValue?.split(separator: "\n") ?? []
    }
    var counts: [Substring: Int] = [:]
    for line in lines {
      let words = line.split(separator: " ")
      counts[words[0], default: 0] += 1
      #expect((Int(words[0]) ?? 0) + (Int(words[2]) ?? 0) == Int(words[4]))
    }
    #expect(counts.values.sorted() == [1, 1, 2, 2, 4, 4, 8, 8])
  }

  /// The ids in a file of texts.
  private func ids(_ place: URL, _ file: String) throws -> [String] {
    try FileSystem.read(place.appending(path: "\(file).jsonl")).split(separator: 0x0A).compactMap {
      try JSONValue(parsing: $0, at: file)["id"]?.stringValue
    }
  }

  /// Old and new text share no document, and the arms go on from the base as their names say.
  private func checkRewarm(_ place: URL) throws {
    let (old, new) = (try ids(place, "data/texts/upstream"), try ids(place, "data/texts/downstream"))
    #expect(!old.isEmpty && !new.isEmpty && Set(old).isDisjoint(with: new))
    #expect(Set(old.prefix(4).map { $0.prefix { $0 != "/" } }).count > 1, "the files alternate")
    func folder(_ arm: String) -> RunFolder { RunFolder(place.appending(path: "arms/\(arm)/seed-1/run")) }
    let base = folder("base").checkpoint(step: 40)
    for (arm, start) in [("rewarmed", base.path), ("same-text", base.path), ("scratch", "")] {
      #expect(try RunConfig.load(folder(arm).config).start.model == start)
    }
    let rates = try RunMetrics(folder("constant")).steps.map(\.learningRate)
    #expect(rates.count == 40 && Set(rates).count == 1)
    let judged = try RunMetrics(folder("rewarmed")).validations
    #expect(judged.map(\.step) == [1, 2, 4, 8, 10, 16, 20, 30, 32, 40])
    #expect(judged.allSatisfy { $0.domains.keys.sorted() == ["downstream", "upstream"] })
  }

  /// The subsets hold training documents of the domain as they stand there, and a mixture reads the shares of the base.
  private func checkStabilityGap(_ place: URL) throws {
    let domain = try Set(ids(place, "data/texts/domain"))
    let split = try SplitRule(validationShare: 0.3, seed: 0)
    for name in ["subset", "best"] {
      let chosen = try ids(place, "subsets/texts/\(name)")
      #expect(!chosen.isEmpty && domain.isSuperset(of: chosen))
      #expect(chosen.allSatisfy { split.split(of: $0) == .train })
    }
    let run = RunFolder(place.appending(path: "arms/mixture/seed-1/run"))
    #expect(try RunConfig.load(run.config).data.weights == ["domain": 0.6, "books": 0.3, "known": 0.1])
    #expect(try run.checkpointSteps() == [20], "the checkpoints that were probed are gone")
  }

  /// Each ratio is the weight of the domain, and the base's moments and rate go on.
  private func checkCriticalMixture(_ place: URL) throws {
    let run = RunFolder(place.appending(path: "arms/S-near-0.25/seed-1/run"))
    let config = try RunConfig.load(run.config)
    #expect(config.data.weights == ["general": 0.75, "near": 0.25] && config.start.moments == .kept)
    #expect(Set(try RunMetrics(run).steps.map(\.learningRate)).count == 1)
  }

  /// The tuned models are whole checkpoints, and no merge that was only looked at is left.
  private func checkDropAndRescale(_ place: URL) throws {
    try checkPractice(place, base: "S-base", InstructionConfig())
    let arm = place.appending(path: "arms/S-upper/seed-1")
    let names = try FileSystem.entries(of: arm.appending(path: "tuned")).map(\.lastPathComponent).sorted()
    #expect(
      names == [
        "config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
      ])
    #expect(!FileSystem.exists(arm.appending(path: "merged")))
  }

  /// The base has read the tasks under other names, and no list that a question is about.
  private func checkPractice(_ place: URL, base: String, _ config: InstructionConfig) throws {
    let run = RunFolder(place.appending(path: "arms/\(base)/seed-1/run"))
    #expect(try RunConfig.load(run.config).data.weights == ["general": 0.5, "practice": 0.5])
    let data = place.appending(path: "data")
    let tokenizer = try Tokenizer(contentsOf: data.appending(path: "shards/\(Tokenizer.fileName)"))
    let examples = try InstructionExamples(config, tokenizer: tokenizer)
    let lines = try String(decoding: FileSystem.read(data.appending(path: "texts/practice.jsonl")), as: UTF8.self)
      .split(separator: "\n").flatMap { document in
        try JSONValue(parsing: Array(document.utf8), at: "practice")["text"]?.stringValue?.split(separator: "\n") ?? []
      }
    #expect(lines.count == 40 * InstructionPracticeConfig().lines)
    for line in lines {
      let list = line.split(separator: ", ", maxSplits: 1)[1].split(separator: " > ")[0].split(separator: " ")
      #expect(!examples.isHeldOut(list.map(String.init)), "\(line)")
    }
  }

  /// Of a continuation the lengths that are compared are left, and the start.
  private func checkInstructionResidual(_ place: URL) throws {
    try checkPractice(place, base: "base", InstructionConfig())
    let base = RunFolder(place.appending(path: "arms/continued-base/seed-1/run"))
    #expect(try base.checkpointSteps() == [0, 10, 20])
    let instruct = RunFolder(place.appending(path: "arms/continued-instruct/seed-1/run"))
    #expect(try RunConfig.load(instruct.config).start.model.hasSuffix("arms/instruct/seed-1/tuned"))
  }

  @Test("What does not fit together in a config about continued pre-training is refused by its field")
  func continuedConfigs() throws {
    func words(_ id: String, _ overrides: [String]) -> String {
      do { _ = try Recipes.named(id).plan(.tiny, overrides: overrides) } catch { return "\(error)" }
      return "nothing was thrown"
    }
    #expect(
      words("rewarm", ["downstream=news", "peaks=[2]", "pretraining.floorShare=0"]) == """
        scale tiny: 3 problems
          --set pretraining.floorShare=0: pretraining.floorShare: 0.0 is outside (0, 1)
          --set downstream=news: downstream: there is no stream 'news' among upstream, downstream
          --set peaks=[2]: peaks: [2.0] are no positive peaks with 1
        """)
    #expect(
      words("stability-gap", ["replaced=domain", "pretraining.streams.0.parts.0.to=2", "patternTokens=64"]) == """
        scale tiny: 3 problems
          --set pretraining.streams.0.parts.0.to=2: pretraining.streams.0.parts.0.to: 0.0 to 2.0 is no part of 0 to 1
          --set replaced=domain: replaced: 'domain' has no share
          --set patternTokens=64: patternTokens: 256 tokens do not fit in 128
        """)
    #expect(
      words("cmr-scaling-law", ["far=near", "ratios=[0.5,0.25]", "sizes.0.heads=5", "firstShare=0.5"]) == """
        scale tiny: 4 problems
          --set far=near: far: two of the three texts are the same
          --set sizes.0.heads=5: sizes.0.heads: 5 heads do not divide width 24 into even parts
          --set ratios=[0.5,0.25]: ratios: [0.5, 0.25] are not four or more rising shares between 0 and 1
          --set firstShare=0.5: firstShare: 0.5 is outside [0, 0.25)
        """)
    #expect(
      words("dare-merge", ["tasks=[upper]", "judgedRate=0.7", "instructions.longest=99"]) == """
        scale tiny: 3 problems
          --set instructions.longest=99: instructions.longest: there are no lists of 2 to 99 of 16 letters
          --set tasks=[upper]: tasks: upper are no pairs of different tasks
          --set judgedRate=0.7: judgedRate: 0.7 is not one of [0.5, 0.9, 0.99]
        """)
    #expect(
      words("cpt-vs-instruct", ["lengths=[150,1000]", "scales=[0.5]", "instructions.tests=5000"]) == """
        scale tiny: 3 problems
          --set instructions.tests=5000: instructions.tests: 5000 are too many to hold out of 43680 lists
          --set lengths=[150,1000]: lengths: [150, 1000] are not multiples of 100 that rise to pretraining.steps 1000
          --set scales=[0.5]: scales: [0.5] are not different numbers with 0 and 1
        """)
  }

  @Test(
    "Every scale of every recipe is a valid config with a plan", arguments: Recipes.all.map(\.id), RecipeScale.allCases)
  func configs(id: String, scale: RecipeScale) throws {
    let recipe = try Recipes.named(id)
    #expect(recipe.config(scale).issues() == [])
    let plan = try recipe.plan(scale, overrides: [])
    #expect(plan.runs > 0 && plan.operations > 0)
    let models = plan.arms.filter { !["tokenizers", "texts"].contains($0.name) }
    #expect(models.allSatisfy { $0.parameters > 0 && ($0.tokens > 0 || trainsNothing($0.name)) })
    // What is not a claim about models needs no seeds: a restart, the time of a decision, memory, tokenizers, texts.
    let once = ["w16-restarted", "latency", "pass", "memory", "costs", "tokenizers", "segmenter", "texts"]
    if scale == .tiny { #expect(plan.arms.allSatisfy { $0.seeds >= 3 || once.contains($0.name) }) }
  }

  /// Arms that only measure or merge.
  private func trainsNothing(_ arm: String) -> Bool {
    ["latency", "memory", "residual", "costs"].contains(arm) || arm.hasSuffix("-merged")
  }

  @Test("Criteria have ids of their own, and say what they are about", arguments: Recipes.all.map(\.id))
  func criteria(id: String) throws {
    let recipe = try Recipes.named(id)
    #expect(Set(recipe.criteria.map(\.id)).count == recipe.criteria.count)
    #expect(recipe.criteria.contains { $0.kind == .mechanism } && recipe.criteria.contains { $0.kind == .claim })
    #expect(!recipe.differences.isEmpty)
  }

  @Test("Docs/Papers.md has a row for every recipe and no other")
  func papers() throws {
    let text = try String(
      decoding: FileSystem.read(Fixtures.package.appending(path: "Docs/Papers.md")), as: UTF8.self)
    let ids = text.split(separator: "\n").compactMap { $0.firstMatch(of: /^\| `([a-z0-9-]+)` \|/)?.1 }
    #expect(ids.map(String.init).sorted() == Recipes.all.map(\.id).sorted())
  }

  @Test("An unknown recipe is refused with the names there are")
  func unknown() {
    #expect {
      try Recipes.named("pythea")
    } throws: {
      "\($0)" == "recipe: there is no 'pythea'. There are: \(Recipes.all.map(\.id).joined(separator: ", "))."
    }
  }
}
