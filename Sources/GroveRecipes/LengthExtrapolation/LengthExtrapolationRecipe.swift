public import Foundation
import GroveCore
public import GroveCorpus

/// Trained on short texts, read on long ones: xPos and blockwise causal attention, each alone and together.
public struct LengthExtrapolationRecipe: Recipe {
  public init() {}

  public let id = "lex-xpos"
  public let paper = Paper(
    title: "A Length-Extrapolatable Transformer", authors: "Sun et al.", year: 2022, arXiv: "2212.10554")
  public let claim =
    "Rotary positions whose scores fall with the distance (xPos), read in blocks at inference, lose nothing on texts far "
    + "longer than those of training, where rotary positions alone break down, and nothing at the trained length, where "
    + "ALiBi does."

  static let rotary = "rotary"
  static let alibi = "alibi"
  static let xpos = "xpos"
  static let learned = "learned"

  public let criteria = [
    Criterion(
      "resolution-of-definition", .mechanism,
      "For heads of 64 and distances 0 to 1,024 the resolution of the expected scores Σ cos(nθ)·ζ^n is higher with xPos (B = "
        + "512) than without. This is arithmetic, known before the run."),
    Criterion(
      "one-block", .mechanism,
      "Every trained model, read blockwise with one block as long as the text, gives the losses of full attention within "
        + "1e-3 nats a token."),
    Criterion(
      "reach", .mechanism,
      "Read blockwise, another first token changes no loss beyond the reach of the first block through all layers, to the "
        + "last bit; read with all earlier positions it does."),
    Criterion(
      "extrapolates", .claim,
      "xPos read blockwise in windows of the longest length, against xPos at the trained length with full attention: the 95% "
        + "paired bootstrap interval over long documents of the nats a token ends at ln 1.02 or below, in every seed."),
    Criterion(
      "rotary-breaks", .claim,
      "Rotary positions with full attention, longest against trained length: the interval begins above ln 1.2, in every seed."
    ),
    Criterion(
      "interpolates", .claim,
      "At the trained length with full attention, nats a token of xPos minus those of ALiBi: the 95% t interval over seeds "
        + "ends at ln 1.01 or below."),
    Criterion(
      "not-the-blocks-alone", .claim,
      "At the longest length, both read blockwise, xPos minus rotary: the bootstrap interval is below 0 in every seed."),
    Criterion(
      "resolution-when-trained", .claim,
      "At the longest length with full attention, the mean resolution of the trained heads is higher with xPos than with "
        + "rotary positions, in every seed."),
  ]

  public let differences = [
    "Models of 0.1 million parameters on 3 million bytes (two passes), in windows of 128 bytes, not 24 layers on the Pile in windows of "
      + "1,024 tokens; judged up to eight times that length, not four.",
    "The decay of xPos acts once in half a trained length, as in the paper, so B is 64, not 512.",
    "All lengths are judged on the same documents, those longer than the longest window, each token once; at a short "
      + "window more tokens stand near its beginning, as in the paper's windows.",
    "Learned positions end with their table, so they are judged at the trained length alone.",
    "Resolution is measured on mean log weights of the second half of a text, distances below half of it.",
  ]

  public func config(_ scale: RecipeScale) -> LengthExtrapolationConfig {
    switch scale {
    case .smoke: .smoke
    case .tiny: .tiny
    case .full: .full
    }
  }

  public func sources(_ config: LengthExtrapolationConfig, in corpus: URL) throws -> [SourceFile] {
    try ContinuedTexts.sources(config.training, in: corpus)
  }

  private func comparison(_ config: LengthExtrapolationConfig) -> Comparison {
    let decay = Double(config.block)
    return Comparison(
      config: config.training,
      arms: [
        ComparisonArm(Self.rotary) { $0.model.positions.kind = .rotary },
        ComparisonArm(Self.alibi) { $0.model.positions.kind = .alibi },
        ComparisonArm(Self.xpos) {
          $0.model.positions.kind = .xpos
          $0.model.positions.decayLength = decay
        },
        ComparisonArm(Self.learned) { $0.model.positions.kind = .learned },
      ])
  }

  public func plan(_ config: LengthExtrapolationConfig, at scale: RecipeScale) throws -> RecipePlan {
    RecipePlan(
      arms: comparison(config).plan(at: scale),
      notes: [
        "Each model is then read in windows of \(config.lengths.map(String.init).joined(separator: ", ")) tokens."
      ]
        + (scale == .full ? ["Give a folder with the file pile with --corpus."] : []))
  }

  public func measure(_ run: RecipeRun, _ config: LengthExtrapolationConfig) throws -> RecipeFindings {
    let records = try comparison(config).records(run) { trained, figures in
      try LengthExtrapolationProbe(config: config, trained: trained).add(to: &figures)
    }
    return try LengthExtrapolationJudgement(recipe: self, config: config, records: records).findings()
  }
}
