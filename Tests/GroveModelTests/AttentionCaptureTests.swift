import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("What heads read")
struct AttentionCaptureTests {
  @Test("Heads whose queries are 0 read all positions so far alike: distance, entropy and shares by hand")
  func uniform() throws {
    let model = try TinyModel.llama(seed: 1)
    for (name, parameter) in try model.parameters() where name.contains("q_proj") {
      parameter.set(try parameter.value * 0)
    }
    let capture = try AttentionCapture([5, 9, 2, 7], under: model)
    #expect(capture.count == 4 && capture.heads.count == 8)
    for head in capture.heads {
      // Queries 1, 2 and 3 read 2, 3 and 4 positions.
      #expect(abs(head.distance - (0.5 + 1 + 1.5) / 3) < 1e-5)
      #expect(abs(head.entropyBits - (1 + 1.584_962_5 + 2) / 3) < 1e-5)
      #expect(abs(head.first - (1 / 2.0 + 1 / 3.0 + 1 / 4.0) / 3) < 1e-5)
      #expect(abs(head.own - head.first) < 1e-6)
      #expect(head.weights[0] == 1 && head.weights[1] == 0)
    }
    #expect(capture.heads.map(\.layer) == [0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test("A text of one token, and a model without weights, are refused in words")
  func refusals() throws {
    #expect(throws: GroveError.self) { _ = try AttentionCapture([5], under: TinyModel.llama(seed: 1)) }
    let part = try #require(TinyPart.all.first { $0.name == "AFT full" })
    #expect {
      _ = try AttentionCapture([5, 6], under: part.make(seed: 1))
    } throws: {
      "\($0)" == "model: has attention of kind attentionFree, which has no weights to look at"
    }
  }
}
