import Foundation
import GroveCore
import GroveTensor
import GroveTesting
import Testing

/// Each kernel beside the same mathematics in plain float32 operators, values and gradients, at sizes that fit no block.
@Suite("Fused kernels")
struct KernelTests {
  static let precisions: [DType] = [.float32, .bfloat16]
  static let widths = [1, 3, 48, 100, 344]

  /// A function of some tensors, once as a kernel and once in plain operators.
  struct Pair {
    let inputs: [Tensor]
    let kernel: ([Tensor]) throws -> [Tensor]
    let plain: ([Tensor]) throws -> [Tensor]

    /// Compares results, and gradients under random cotangents. The plain form sees float32 copies of the inputs.
    func check(_ precision: DType, _ comment: Comment) throws {
      let leaves = try inputs.map { try $0.detached() }
      let copies = try inputs.map { try $0.cast(to: .float32).copied() }
      for tensor in leaves + copies { try tensor.setRequiresGradient(true) }
      let tolerance: Tolerance = precision == .bfloat16 ? .bfloat16 : .float32
      let slope: Tolerance = precision == .bfloat16 ? .bfloat16Gradient : .float32Gradient
      let (found, expected) = (try kernel(leaves), try plain(copies))
      var totals: [Tensor] = []
      for (side, results) in [found, expected].enumerated() {
        var total = try Tensor.zeros([], .float32)
        for (index, result) in results.enumerated() {
          if side == 0 { #expect(try result.isClose(to: expected[index], within: tolerance), comment) }
          let weights = try Tensor.normal(result.shape, deviation: 1, random: RandomKey(seed: 9).split(index))
          total = try total + (result.cast(to: .float32) * weights).sum()
        }
        totals.append(total)
      }
      let gradients = try totals[0].gradients(of: leaves)
      for (index, oracle) in try totals[1].gradients(of: copies).enumerated() {
        let gradient = try #require(gradients[index], comment)
        #expect(gradient.dtype == leaves[index].dtype, comment)
        #expect(try gradient.isClose(to: #require(oracle), within: slope), "\(comment), gradient \(index)")
      }
    }
  }

  static func random(_ shape: [Int], _ name: String, _ dtype: DType = .float32) throws -> Tensor {
    try Tensor.normal(shape, deviation: 1, random: RandomKey(seed: 3).split(name)).cast(to: dtype)
  }

  @Test("linear is x·wᵀ + b", arguments: precisions)
  func linears(precision: DType) throws {
    for width in Self.widths {
      for biased in [false, true] {
        // Small enough that a row's sum of rounding errors stays within one rounding.
        let w = try (Self.random([37, width], "w") / Double(width).squareRoot()).cast(to: precision)
        let inputs =
          [try Self.random([2, 5, width], "x", precision), w] + (biased ? [try Self.random([37], "b")] : [])
        try Pair(
          inputs: inputs, kernel: { [try linear($0[0], weight: $0[1], bias: biased ? $0[2] : nil)] },
          plain: {
            let y = try matmul($0[0], $0[1].transposed(0, 1))
            return [try biased ? y + $0[2] : y]
          }
        ).check(precision, "width \(width)\(biased ? " with bias" : "")")
      }
    }
  }

  @Test("The norms add first, then scale by the deviation", arguments: precisions)
  func norms(precision: DType) throws {
    for width in Self.widths where width > 1 {
      for (isLayer, adds) in [(false, false), (false, true), (true, false), (true, true)] {
        let inputs =
          [try Self.random([3, 23, width], "x"), try Self.random([width], "w"), try Self.random([width], "b")]
          + (adds ? [try Self.random([3, 23, width], "d", precision)] : [])
        let used = isLayer ? inputs : [inputs[0], inputs[1]] + inputs.dropFirst(3)
        try Pair(
          inputs: used,
          kernel: { x in
            let form: NormForm = isLayer ? .layer(weight: x[1], bias: x[2]) : .rootMeanSquare(weight: x[1])
            let (stream, normed) = try norm(x[0], adding: adds ? x.last : nil, form, epsilon: 1e-5, as: precision)
            return adds ? [normed, stream] : [normed]
          },
          plain: { x in
            let h = try adds ? x[0] + x[x.count - 1] : x[0]
            let centered = try isLayer ? h - h.mean(-1, axis: .kept) : h
            let variance = try centered.power(2).mean(-1, axis: .kept)
            let y = try centered * (variance + 1e-5).reciprocalSquareRoot() * x[1]
            return [try isLayer ? y + x[2] : y] + (adds ? [h] : [])
          }
        ).check(precision, "width \(width)\(isLayer ? ", layer" : "")\(adds ? ", adding" : "")")
      }
    }
  }

  @Test("Products of long rows are exact on small integers, whatever the sizes and their remainders; gradients too")
  func longProducts() throws {
    func integers(_ shape: [Int], _ name: String) throws -> Tensor {
      try Operator("aten::round").tensor(.tensor(Self.random(shape, name) * 1.5))
    }
    for (rows, inputs, outputs) in [
      (64, 512, 64), (70, 1030, 77), (129, 513, 200), (1030, 600, 90), (515, 65, 1027), (64, 9000, 1000),
    ] {
      let (x, w) = (try integers([rows, inputs], "x"), try integers([outputs, inputs], "w"))
      let (b, cotangent) = (try integers([outputs], "b"), try integers([rows, outputs], "c"))
      for biased in [false, true] {
        let comment: Comment = "\(rows)x\(inputs) to \(outputs)\(biased ? ", biased" : "")"
        let (leaf, weight) = (try x.cast(to: .bfloat16), try w.cast(to: .bfloat16))
        for tensor in [leaf, weight] { try tensor.setRequiresGradient(true) }
        let y = try linear(leaf, weight: weight, bias: biased ? b.cast(to: .bfloat16) : nil)
        let product = try matmul(x, w.transposed(0, 1))
        try expectSame(y, biased ? product + b : product, comment)
        let gradients = try (y.cast(to: .float32) * cotangent).sum().gradients(of: [leaf, weight])
        try expectSame(#require(gradients[0]), matmul(cotangent, w), "\(comment), x")
        try expectSame(#require(gradients[1]), matmul(cotangent.transposed(0, 1), x), "\(comment), weight")
      }
    }
  }

  /// The same bits once the exact result is rounded.
  private func expectSame(_ found: Tensor, _ exact: Tensor, _ comment: Comment) throws {
    let (found, exact): ([Float], [Float]) = try (
      found.cast(to: .float32).values(), exact.cast(to: .bfloat16).cast(to: .float32).values()
    )
    #expect(found == exact, comment)
  }

  @Test("residualSum is x + delta", arguments: precisions)
  func sums(precision: DType) throws {
    for width in Self.widths {
      try Pair(
        inputs: [try Self.random([7, width], "x"), try Self.random([7, width], "d", precision)],
        kernel: { [try residualSum($0[0], $0[1])] }, plain: { [try $0[0] + $0[1]] }
      ).check(precision, "width \(width)")
    }
  }

  @Test("swiglu is silu(gate)·up", arguments: precisions)
  func gates(precision: DType) throws {
    for width in Self.widths {
      try Pair(
        inputs: [try Self.random([2, 9, 2 * width], "x", precision)], kernel: { [try swiglu($0[0])] },
        plain: {
          let parts = try $0[0].split([width, width], axis: -1)
          return [try parts[0] * parts[0].sigmoid() * parts[1]]
        }
      ).check(precision, "width \(width)")
    }
  }

  @Test("The tanh form of GELU follows its formula", arguments: precisions)
  func gelus(precision: DType) throws {
    for width in Self.widths {
      try Pair(
        inputs: [try Self.random([11, width], "x", precision)], kernel: { [try $0[0].gelu(.tanh)] },
        plain: {
          let x = $0[0]
          let inner = try (x + x.power(3) * 0.044715) * 0.797884560802865
          return [try x * (inner.hyperbolicTangent() + 1) * 0.5]
        }
      ).check(precision, "width \(width)")
    }
  }

  @Test("softTopK is the descent with a dual for every score, for few and many scores, warm and cold")
  func choices() throws {
    for (rows, width, count, temperature, iterations) in [
      (1, 1, 1.0, 1.0, 50), (3, 7, 2.0, 0.5, 1), (2, 100, 6.0, 1.0, 50), (4, 33, 30.0, 0.1, 20),
      (1, 300, 20.0, 2.0, 50),
    ] {
      try Pair(
        inputs: [Self.random([rows, width], "scores") * 2],
        kernel: { [try softTopK($0[0], count: count, temperature: temperature, iterations: iterations)] },
        plain: {
          let scores = $0[0]
          var limits = try scores.relu() * -1
          var sum = try Tensor.zeros([rows, 1], .float32)
          for _ in 0..<iterations {
            sum =
              try ((scores + limits) / temperature).logSumExp(-1, axis: .kept) * -temperature + temperature * log(count)
            limits = try (scores + sum).relu() * -1
          }
          return [try ((scores + sum + limits) / temperature).exponential()]
        }
      ).check(.float32, "\(count) of \(rows)x\(width) at \(temperature), \(iterations) iterations")
    }
  }

  @Test("softTopK gives weights in [0, 1] that sum to the count, and says nothing of what is not a number")
  func choiceLaws() throws {
    let weights: [Float] = try softTopK(
      Self.random([1, 500], "scores"), count: 40, temperature: 0.3, iterations: 200
    ).values()
    #expect(weights.allSatisfy { 0 <= $0 && $0 <= 1 })
    #expect(abs(weights.reduce(0, +) - 40) < 0.1)
    let broken: [Float] = try softTopK(Tensor([1, .nan, 0], [1, 3]), count: 1, temperature: 1, iterations: 5).values()
    #expect(broken.allSatisfy { $0.isNaN })
  }

  @Test("rotaryHeads splits a projection and turns queries and keys", arguments: precisions)
  func rotations(precision: DType) throws {
    for (b, t, heads, groups, half) in [(1, 1, 1, 1, 1), (2, 7, 3, 1, 12), (1, 33, 4, 2, 50), (3, 5, 2, 2, 32)] {
      let angles = try Self.random([t, half], "angles").values(as: Float.self)
      let turns = angles.map { (1 - $0 * $0) / (1 + $0 * $0) }  // points of the unit circle
      let cosine = try Tensor(turns, [t, half])
      let sine = try Tensor(angles.map { 2 * $0 / (1 + $0 * $0) }, [t, half])
      try Pair(
        inputs: [try Self.random([b, t, heads + 2 * groups, 2 * half], "x", precision)],
        kernel: {
          let (q, k, v) = try rotaryHeads($0[0], heads: heads, keyValueHeads: groups, cosine: cosine, sine: sine)
          return [q, k, v]
        },
        plain: {
          let parts = try $0[0].split([heads, groups, groups], axis: 2)
          return [
            try rotary(parts[0], cosine: cosine, sine: sine), try rotary(parts[1], cosine: cosine, sine: sine),
            parts[2],
          ]
        }
      ).check(precision, "\(b)x\(t), \(heads)+2·\(groups) heads of \(2 * half)")
    }
  }

  @Test("Attention is softmax(q·kᵀ/√D)·v with grouped keys, with and without a causal mask", arguments: precisions)
  func attentions(precision: DType) throws {
    for (b, heads, groups, t, s, d, isCausal) in [
      (2, 3, 3, 64, 64, 32, true), (1, 4, 2, 100, 100, 48, true), (1, 2, 1, 33, 150, 16, false),
      (1, 1, 1, 130, 130, 64, true),
    ] {
      func strided(_ count: Int, _ heads: Int, _ name: String) throws -> Tensor {
        try Self.random([b, count, heads, d], name, precision).transposed(1, 2)  // [B, H, T, D]
      }
      try Pair(
        inputs: [strided(t, heads, "q"), strided(s, groups, "k"), strided(s, groups, "v")],
        kernel: {
          [try scaledDotProductAttention($0[0], $0[1], $0[2], mask: isCausal ? .causal : .none, dropout: 0)]
        },
        plain: { x in
          func repeated(_ y: Tensor) throws -> Tensor {  // [B, G, S, D] to [B, H, S, D]
            try y.withNewAxis(at: 2).expanded(to: [b, groups, heads / groups, s, d]).reshaped(b, heads, s, d)
          }
          var scores = try matmul(x[0], repeated(x[1]).transposed(2, 3)) / Double(d).squareRoot()
          if isCausal {
            let hidden = try Tensor.full([t, s], 1, .float32).lowerTriangle(diagonal: 0).equals(0)
            scores = try scores.filled(-1e30, where: hidden)
          }
          return [try matmul(scores.softmax(-1), repeated(x[2]))]
        }
      ).check(precision, "\(t) of \(s) positions, \(heads) heads over \(groups) of \(d)")
    }
  }

  @Test("The loss from hidden states is that of the logits, with z-loss and ignored targets", arguments: precisions)
  func losses(precision: DType) throws {
    for (rows, width, vocabulary, zLoss) in [(1, 3, 5, 0.0), (67, 48, 100, 0.0), (67, 100, 344, 1e-2)] {
      let targets = try Tensor((0..<rows).map { $0 % 5 == 3 ? Int64(-100) : Int64($0 * 7 % vocabulary) }, [rows])
      let w = try (Self.random([vocabulary, width], "w") / Double(width).squareRoot()).cast(to: precision)
      try Pair(
        inputs: [try Self.random([rows, width], "x", precision), w],
        kernel: { [try linearCrossEntropy($0[0], weight: $0[1], targets: targets, ignoring: -100, zLoss: zLoss)] },
        plain: {
          let logits = try matmul($0[0], $0[1].transposed(0, 1))
          let partition = try logits.logSumExp(-1, axis: .removed)
          let counted = try targets.equals(-100).cast(to: .float32) * -1 + 1
          let safe = try targets.filled(0, where: targets.equals(-100))
          let score = try logits.gathered(1, safe.withNewAxis(at: 1)).withoutAxis(1)
          let losses = try (partition - score + partition.power(2) * zLoss) * counted
          return [try losses.sum() / counted.sum()]
        }
      ).check(precision, "\(rows)x\(width) over \(vocabulary)")
    }
  }

  @Test("Rows beyond one block of logits are summed as if there were one", arguments: precisions)
  func lossInBlocks(precision: DType) throws {
    // More than the 128 MiB of logits that are held at once.
    let (rows, width, vocabulary) = (precision == .bfloat16 ? 700 : 360, 3, 100_000)
    let x = try Self.random([rows, width], "x", precision)
    let w = try Self.random([vocabulary, width], "w", precision)
    for tensor in [x, w] { try tensor.setRequiresGradient(true) }
    let targets = try Tensor((0..<rows).map { Int64($0 * 131) }, [rows])
    func loss(_ from: Int, _ count: Int) throws -> Tensor {
      try linearCrossEntropy(
        x.narrowed(0, from: from, count: count), weight: w, targets: targets.narrowed(0, from: from, count: count),
        ignoring: -100, zLoss: 0)
    }
    let whole = try loss(0, rows)
    let halves = try (loss(0, rows / 2) + loss(rows / 2, rows / 2)) * 0.5
    let slope: Tolerance = precision == .bfloat16 ? .bfloat16Gradient : .float32Gradient
    #expect(try whole.isClose(to: halves, within: .float32))
    let expected = try halves.gradients(of: [x, w])
    for (index, gradient) in try whole.gradients(of: [x, w]).enumerated() {
      #expect(try #require(gradient).isClose(to: #require(expected[index]), within: slope))
    }
  }

  @Test("A kernel reads tensors that are not contiguous as they are")
  func strided() throws {
    let x = try Self.random([48, 10], "x").transposed(0, 1)  // [10, 48]
    let straight = try x.contiguous()
    let weight = try Self.random([48], "w")
    let form = NormForm.rootMeanSquare(weight: weight)
    #expect(try swiglu(x).values() as [Float] == swiglu(straight).values())
    #expect(try x.gelu(.tanh).values() as [Float] == straight.gelu(.tanh).values())
    #expect(
      try norm(x, form, epsilon: 1e-5, as: .float32).values() as [Float]
        == norm(straight, form, epsilon: 1e-5, as: .float32).values())
    let w = try Self.random([48, 5], "w").transposed(0, 1)  // [5, 48]
    #expect(
      try linear(x, weight: w, bias: nil).isClose(
        to: linear(straight, weight: w.contiguous(), bias: nil), within: .float32))
  }

  @Test("A value that is not a number reaches everything that depends on it", arguments: precisions)
  func notNumbers(precision: DType) throws {
    /// Which of the rows hold a NaN.
    func bad(_ tensor: Tensor, rows: Int) throws -> [Int] {
      let values = try tensor.cast(to: .float32).reshaped(rows, -1).values(as: Float.self)
      return (0..<rows).filter { row in
        values[row * values.count / rows..<(row + 1) * values.count / rows].contains { $0.isNaN }
      }
    }
    let poison = try Tensor((0..<5 * 48).map { $0 == 2 * 48 + 17 ? Float.nan : 0 }, [5, 48])
    let x = try (Self.random([5, 48], "x") + poison).cast(to: precision)
    let w = try Self.random([7, 48], "w", precision)
    #expect(try bad(linear(x, weight: w, bias: nil), rows: 5) == [2])
    #expect(try bad(swiglu(x), rows: 5) == [2])
    #expect(try bad(x.gelu(.tanh), rows: 5) == [2])
    let form = NormForm.rootMeanSquare(weight: try Self.random([48], "n"))
    #expect(try bad(norm(x.cast(to: .float32), form, epsilon: 1e-5, as: precision), rows: 5) == [2])
    #expect(try sumOfSquares([x]).isNaN)
    let targets = try Tensor((0..<5).map { Int64($0) }, [5])
    #expect(try linearCrossEntropy(x, weight: w, targets: targets, ignoring: -100, zLoss: 0).item().isNaN)
    // Long enough for the kernel: with few queries libtorch's own attention turns a query's NaN into 0.
    let spot = try Tensor((0..<70 * 48).map { $0 == 2 * 48 + 17 ? Float.nan : 0 }, [1, 1, 70, 48])
    let clean = try Self.random([1, 1, 70, 48], "y", precision)
    let heads = try (clean.cast(to: .float32) + spot).cast(to: precision)
    // A hidden position has the weight 0, and 0 · NaN is NaN: keys and values may reach queries before them too.
    for (q, k, v, seeing) in [
      (heads, clean, clean, 2...2), (clean, heads, clean, 2...69), (clean, clean, heads, 2...69),
    ] {
      let found = try bad(scaledDotProductAttention(q, k, v, mask: .causal, dropout: 0), rows: 70)
      #expect(seeing.allSatisfy(found.contains))
    }
  }

  @Test("Empty input gives empty output")
  func empty() throws {
    let x = try Tensor.empty([0, 48], .float32)
    let w = try Self.random([7, 48], "w")
    #expect(try linear(x, weight: w, bias: nil).shape == [0, 7])
    #expect(try swiglu(x).shape == [0, 24])
    #expect(try x.gelu(.tanh).shape == [0, 48])
    #expect(
      try norm(x, .rootMeanSquare(weight: Self.random([48], "n")), epsilon: 1e-5, as: .bfloat16).shape == [0, 48])
    #expect(try sumOfSquares([x]) == 0)
  }

  @Test("A target outside the vocabulary is an error with its value")
  func badTarget() throws {
    let error = #expect(throws: TorchError.self) {
      try linearCrossEntropy(
        Self.random([2, 3], "x"), weight: Self.random([5, 3], "w"), targets: Tensor([Int64(1), 5], [2]), ignoring: -100,
        zLoss: 0)
    }
    #expect(
      error?.description
        == "linearCrossEntropy(float32 [2, 3], float32 [5, 3], int64 [2]): the target 5 is outside the vocabulary of 5")
  }

  @Test("A weight that does not fit is an error with the shapes")
  func badWeight() throws {
    let error = #expect(throws: TorchError.self) {
      try linear(Self.random([2, 3], "x"), weight: Self.random([5, 4], "w"), bias: nil)
    }
    #expect(
      error?.description
        == "linear(float32 [2, 3], float32 [5, 4]): the last axis of [2, 3] does not fit a weight of [5, 4]")
  }
}
