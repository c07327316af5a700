import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import GroveTrain
import Testing

@Suite("A step of Muon")
struct MuonTests {
  /// What one step without decay at the rate 1 takes from matrices of zeros, without the scale to AdamW's size.
  private func updates(_ gradients: [Tensor], _ precision: Precision = .float32) throws -> [Tensor] {
    var config = OptimizerConfig()
    config.matrices = .muon
    config.weightDecay = 0
    let parameters = try gradients.map { try Parameter(.zeros($0.shape, .float32), role: .matrix) }
    for parameter in parameters { try parameter.prepare(precision, training: true, device: .cpu) }
    let optimizer = try Optimizer(config, parameters: parameters.enumerated().map { ("w\($0)", $1) })
    let step = TrainingStep(optimizer: optimizer, gradientClip: 0)
    _ = try step(microBatches: 1, learningRate: 1) { _ in
      let parts = try zip(parameters, gradients).map { try ($0.working.cast(to: .float32) * $1).sum() }
      return try parts.reduce(.zeros([], .float32), +)
    }
    return try parameters.map { try $0.value / (-0.2 * Double($0.shape.max() ?? 0).squareRoot()) }
  }

  private func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
    try .normal(shape, deviation: 1, random: RandomKey(seed: seed))
  }

  /// Five applications of 3.4445·s − 4.775·s³ + 2.0315·s⁵: what the steps make of a singular value.
  private func polynomial(_ start: Double) -> Double {
    (0..<5).reduce(start) { s, _ in 3.4445 * s - 4.775 * s * s * s + 2.0315 * s * s * s * s * s }
  }

  @Test("Singular values become those of the polynomial; singular vectors stay", arguments: Precision.allCases)
  func handWorked(precision: Precision) throws {
    // Of diag(3, 4), divided by its norm 5, the singular values are 0.6 and 0.8.
    let update = try updates([Tensor([3, 0, 0, 0, 4, 0] as [Float], [2, 3])], precision)[0]
    let expected = try Tensor([Float(polynomial(0.6)), 0, 0, 0, Float(polynomial(0.8)), 0], [2, 3])
    #expect(try update.isClose(to: expected, within: precision == .float32 ? .float32 : .bfloat16))
  }

  @Test("The rows or the columns of an update are nearly orthonormal", arguments: [[24, 24], [16, 56], [56, 16]])
  func orthonormal(shape: [Int]) throws {
    let x = try updates([random(shape, 1)])[0]
    let wide = try shape[0] > shape[1] ? x.transposed(0, 1) : x
    let gram: [Float] = try matmul(wide, wide.transposed(0, 1)).values()
    let size = shape.min() ?? 0
    for row in 0..<size {
      #expect((0.3...1.7).contains(gram[row * size + row]))
      let others = (0..<size).filter { $0 != row }.map { gram[row * size + $0] }
      #expect(others.map(\.magnitude).max() ?? 0 < 0.5)
    }
  }

  @Test("A factor on the gradient changes nothing, and a zero gradient moves nothing")
  func scaleFree() throws {
    let gradient = try random([8, 12], 2)
    let (one, thousand) = (try updates([gradient])[0], try updates([gradient * 1000])[0])
    #expect(try one.isClose(to: thousand, within: .float32))
    #expect(try updates([.zeros([3, 5], .float32)])[0].values(as: Float.self).allSatisfy { $0 == 0 })
  }

  @Test("A turned matrix has the turned update")
  func transposition() throws {
    let gradient = try random([6, 10], 3)
    let (straight, turned) = (try updates([gradient])[0], try updates([gradient.transposed(0, 1).contiguous()])[0])
    #expect(try straight.isClose(to: turned.transposed(0, 1).contiguous(), within: .float32))
  }

  @Test("Matrices of all shapes in one step move as each alone")
  func together() throws {
    let gradients = try [[6, 10], [10, 6], [4, 4], [6, 10], [1, 7]].enumerated().map {
      try random($1, UInt64($0))
    }
    for (gradient, update) in zip(gradients, try updates(gradients)) {
      #expect(try update.isClose(to: updates([gradient])[0], within: .float32))
    }
  }

  @Test("Embeddings and norms stay with AdamW")
  func others() throws {
    try TinyRun.with { run in
      run.config.training.optimizer.matrices = .muon
      try run.train("run")
      let moments = try SafetensorsFile(run.at("run").checkpoint(step: 12).appending(path: "optimizer.safetensors"))
      let squares = moments.entries.map(\.name).filter { $0.hasPrefix("square.") }
      #expect(squares.contains("square.model.norm.weight") && squares.contains("square.model.embed_tokens.weight"))
      #expect(!squares.contains { $0.contains("proj") })
    }
  }
}
