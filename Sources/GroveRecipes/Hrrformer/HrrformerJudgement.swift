import Foundation
import GroveCore
import GroveEval
import GroveModel
import GroveReport

/// From the records of all arms and seeds to the outcome of each criterion.
struct HrrformerJudgement {
  let recipe: HrrformerRecipe
  let config: HrrformerConfig
  let records: [ArmRecord]
  let costs: ArmRecord
  private typealias Kind = AttentionConfig.Kind

  func findings() throws -> RecipeFindings {
    var figures: [RecipeFindings.Figure] = []
    for arm in HrrformerArm.all {
      figures.append(try .init("\(arm.name): accuracy", overSeeds: accuracies(arm.task, arm.attention)))
      figures.append(
        try .init("\(arm.name): evaluations to 95% of the best", overSeeds: reached(arm.task, arm.attention)))
    }
    let seconds = try [Kind.softmax, .holographic].map { try costs.list("\($0.rawValue) seconds").last ?? .nan }
    let longest = config.timedLengths.last ?? 0
    figures.append(.init("time of a step of \(longest) bytes, products over holographic", seconds[0] / seconds[1]))
    return RecipeFindings(
      results: [try binding(), try linear(), try accuracy(), try epochs()], figures: figures, charts: try charts())
  }

  private func of(_ task: HrrformerTask.Kind, _ attention: Kind) -> [ArmRecord] {
    let name = HrrformerArm(task: task, attention: attention).name
    return records.filter { $0.arm == name }.sorted { $0.seed < $1.seed }
  }

  private func accuracies(_ task: HrrformerTask.Kind, _ attention: Kind) throws -> [Double] {
    try of(task, attention).map { try $0.figure("accuracy") }
  }

  /// The first evaluation, from 1, with 95% of the best accuracy, a value for each seed.
  private func reached(_ task: HrrformerTask.Kind, _ attention: Kind) throws -> [Double] {
    try of(task, attention).map { record in
      let curve = try record.list("accuracy")
      let best = curve.max() ?? 0
      return Double((curve.firstIndex { $0 >= 0.95 * best } ?? curve.count) + 1)
    }
  }

  private func binding() throws -> CriterionResult {
    let likeness = try costs.list("likeness")
    let falls = zip(likeness, likeness.dropFirst()).allSatisfy { $0 > $1 }
    return CriterionResult(
      recipe.criterion("binding"), (likeness.first ?? 0) > 0.99 && falls ? .met : .notMet,
      "cosine with 1, 2, 4, 8 pairs: \(ComparisonRecords.words(likeness, "%.3f"))")
  }

  private func linear() throws -> CriterionResult {
    let lengths = config.timedLengths.map(Double.init)
    func exponent(_ name: String) throws -> Double {
      try LogarithmicSlope.exponent(of: costs.list(name), over: lengths)
    }
    let (time, memory) = (try exponent("holographic seconds"), try exponent("holographic bytes"))
    let dense = try costs.list("softmax seconds").suffix(2)
    let ends = lengths.suffix(2)
    let tail = log((dense.last ?? .nan) / (dense.first ?? .nan)) / log((ends.last ?? .nan) / (ends.first ?? .nan))
    return CriterionResult(
      recipe.criterion("linear"), time <= 1.2 && memory <= 1.1 && tail >= 1.7 ? .met : .notMet,
      String(
        format: "exponents: time %.2f, memory %.2f; by products, time at the end %.2f, memory %.2f", time, memory, tail,
        try exponent("softmax bytes")))
  }

  private func accuracy() throws -> CriterionResult {
    let gaps = try HrrformerTask.Kind.allCases.map { task in
      try Statistics.mean(accuracies(task, .holographic)) - Statistics.mean(accuracies(task, .softmax))
    }
    let words = zip(HrrformerTask.Kind.allCases, gaps).map { String(format: "\($0.rawValue) %+.1f points", 100 * $1) }
    return CriterionResult(
      recipe.criterion("accuracy"), gaps.allSatisfy { $0 >= -0.03 } ? .met : .notMet,
      words.joined(separator: ", "))
  }

  private func epochs() throws -> CriterionResult {
    let needed = max(config.seeds - 1, min(config.seeds, 4))
    let earlier = try HrrformerTask.Kind.allCases.map { task in
      try zip(reached(task, .holographic), reached(task, .softmax)).count { $0 < $1 }
    }
    let words = try HrrformerTask.Kind.allCases.map { task in
      let (own, other) = (try reached(task, .holographic), try reached(task, .softmax))
      return
        "\(task.rawValue) \(ComparisonRecords.words(own, "%.0f")) against \(ComparisonRecords.words(other, "%.0f"))"
    }
    return CriterionResult(
      recipe.criterion("epochs"), earlier.allSatisfy { $0 >= needed } ? .met : .notMet,
      "evaluations by seed: \(words.joined(separator: "; "))")
  }

  private func charts() throws -> [Report.Block] {
    let times = try [Kind.softmax, .holographic].map { kind in
      LineChart.Series(
        kind.rawValue, x: config.timedLengths.map(Double.init), y: try costs.list("\(kind.rawValue) seconds"))
    }
    let curves = try HrrformerArm.all.compactMap { arm -> LineChart.Series? in
      guard let curve = try of(arm.task, arm.attention).first?.list("accuracy") else { return nil }
      return LineChart.Series(arm.name, x: curve.indices.map { Double($0 + 1) }, y: curve)
    }
    return [
      .lineChart(
        LineChart(title: "Time of a training step", xLabel: "bytes of the text", yLabel: "seconds", series: times)),
      .lineChart(
        LineChart(
          title: "Held-out accuracy, first seed", xLabel: "evaluation", yLabel: "share that is right", series: curves)),
    ]
  }
}
