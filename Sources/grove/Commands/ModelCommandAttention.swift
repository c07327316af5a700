import ArgumentParser
import Foundation
import GroveCore
import GroveModel
import GroveReport
import GroveTensor
import GroveTokenizer

struct ModelAttentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention", abstract: "Show what each head of a model reads of a text.",
    discussion: "Without --out, a line for each head; with it, a page with the weights of each layer as shades too.")

  @Argument(help: "A folder with config.json, model.safetensors and its tokenizer, or a .gguf file.") var model: String
  @Option(help: "The text.") var text: String
  @Option(help: "A page to write.") var out: String?
  @Option(help: "Of this layer, from 0, show every head on the page, not the mean.") var layer: [Int] = []
  @Option(help: "float32, bfloat16, float16 or int8.") var precision = Precision.float32
  @OptionGroup var hardware: DeviceOption
  @OptionGroup var output: OutputOptions

  /// More cells are no picture.
  private static let mostTokens = 128

  func run() throws {
    let folder = URL(filePath: model)
    let loaded = try ModelFolder.load(folder)
    if let wrong = layer.first(where: { !(0..<loaded.config.layers).contains($0) }) {
      throw GroveError(
        .argument, "--layer", "there is no layer \(wrong)", remedy: "Give one from 0 to \(loaded.config.layers - 1).")
    }
    let tokenizer = try Tokenizer(ofModel: folder)
    var encoder = tokenizer.encoder(specialTokens: .recognizing, malformed: .replacing)
    let pieces = encoder.encode(text)
    let ids = pieces.map(Int64.init)
    if out != nil, ids.count > Self.mostTokens {
      throw GroveError(
        .argument, "--text", "\(ids.count) tokens are more than \(Self.mostTokens), which a page can show",
        remedy: "Give a shorter text, or leave out --out.")
    }
    try loaded.prepare(precision, training: false, device: hardware.device)
    let capture = try AttentionCapture(ids, under: loaded)
    let names = try pieces.enumerated().map { "\($0) \(try tokenizer.decodeText([$1], specialTokens: .keeping))" }
    if let out { try page(capture, names).write(to: URL(filePath: out)) }
    var table = TextTable(
      ("layer", .right), ("head", .right), ("distance", .right), ("entropy, bits", .right), ("on the first", .right),
      ("on itself", .right))
    for head in capture.heads { table.add(cells: Self.words(head)) }
    try output.show(
      "\(capture.count) tokens\n\(table.text)" + (out.map { "\npage  \($0)" } ?? ""),
      json: [
        "tokens": .integer(capture.count), "page": out.map { .string($0) } ?? .null,
        "heads": .array(
          capture.heads.map {
            [
              "layer": .integer($0.layer), "head": .integer($0.head), "distance": .number($0.distance),
              "entropyBits": .number($0.entropyBits), "first": .number($0.first), "own": .number($0.own),
            ]
          }),
      ])
  }

  private static func words(_ head: AttentionCapture.Head) -> [String] {
    [
      "\(head.layer)", "\(head.head)", NumberText.fixed(head.distance, 1), NumberText.fixed(head.entropyBits, 2),
      NumberText.fixed(head.first, 2), NumberText.fixed(head.own, 2),
    ]
  }

  private func page(_ capture: AttentionCapture, _ names: [String]) -> Report {
    let layers = Dictionary(grouping: capture.heads, by: \.layer).sorted { $0.key < $1.key }
    func map(_ title: String, _ weights: (Int) -> Double) -> Report.Block {
      let values = (0..<capture.count).map { query in
        (0..<capture.count).map { key in key > query ? .nan : weights(query * capture.count + key) }
      }
      return .heatMap(
        HeatMap(
          title: title, valueLabel: "share that the row reads of the column", rows: names, columns: names,
          values: values,
          decimals: 2))
    }
    let maps = layers.flatMap { index, heads -> [Report.Block] in
      if layer.contains(index) {
        return heads.map { head in map("Layer \(index), head \(head.head)") { Double(head.weights[$0]) } }
      }
      return [
        map("Layer \(index), mean of \(heads.count) heads") { place in
          heads.reduce(0) { $0 + Double($1.weights[place]) } / Double(heads.count)
        }
      ]
    }
    let table = Report.Table(
      caption: "Means over the queries behind the first",
      columns: ["layer", "head", "distance", "entropy, bits", "on the first", "on itself"],
      rows: capture.heads.map(Self.words))
    return Report(
      title: "What the heads read", subtitle: "\(model), \(capture.count) tokens",
      sections: [Report.Section("Weights", maps), Report.Section("Heads", [.table(table)])])
  }
}
