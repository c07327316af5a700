import Foundation
import GroveCore
import GroveModel
import GroveTensor
import GroveTesting
import Testing

@Suite("safetensors files")
struct SafetensorsTests {
  /// A tensor of every dtype, with a scalar, an empty one and a view that is not contiguous.
  private static func samples() throws -> [(name: String, tensor: Tensor)] {
    let values: [Float] = [0, 1, 2.5, -3, 0.1, 100]
    let base = try Tensor(values, [2, 3])
    return try DType.allCases.map { ("of \($0)", try base.cast(to: $0)) }
      + [
        ("a scalar", try Tensor([Float(7)], [])), ("ünïcode/空", try .empty([3, 0], .int64)),
        ("z transposed", try base.transposed(0, 1)),
      ]
  }

  private static func bytes(_ tensor: Tensor) throws -> [UInt8] { try tensor.contiguous().withBytes { Array($0) } }

  @Test("What is written is read back to the bit, for every dtype")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "all.safetensors")
      let samples = try Self.samples()
      let metadata = ["format": "pt", "note": "\"quoted\" größer"]
      try SafetensorsWriter.write(samples.map { .init($0.name, $0.tensor) }, metadata: metadata, to: url)
      let file = try SafetensorsFile(url)
      #expect(file.metadata == metadata)
      #expect(Set(file.entries.map(\.name)) == Set(samples.map(\.name)))
      for (name, tensor) in samples {
        let read = try file.tensor(name)
        #expect(read.dtype == tensor.dtype && read.shape == tensor.shape, "\(name)")
        #expect(try Self.bytes(read) == Self.bytes(tensor), "\(name)")
      }
    }
  }

  @Test("The same tensors give the same bytes, in whatever order they come")
  func deterministic() throws {
    try Fixtures.withTemporaryFolder { folder in
      let urls = [folder.appending(path: "a"), folder.appending(path: "b")]
      let samples = try Self.samples()
      try SafetensorsWriter.write(samples.map { .init($0.name, $0.tensor) }, to: urls[0])
      try SafetensorsWriter.write(samples.reversed().map { .init($0.name, $0.tensor) }, to: urls[1])
      #expect(try Data(contentsOf: urls[0]) == Data(contentsOf: urls[1]))
    }
  }

  @Test("A file of the reference implementation is read")
  func pythonFile() throws {
    let file = try SafetensorsFile(Fixtures.url("safetensors/python.safetensors"))
    #expect(file.metadata == ["format": "pt", "note": "größer"])
    #expect(file.entries.count == 12)
    func integers(_ name: String) throws -> [Int64] { try file.tensor(name).values() }
    #expect(try integers("uint8") == [0, 1, 255, 0])
    #expect(try integers("int8") == [0, 1, 127, -128])
    #expect(try integers("int16") == [0, 1, 32_767, -32_768])
    #expect(try integers("int32") == [0, 1, Int64(Int32.max), Int64(Int32.min)])
    #expect(try integers("int64") == [0, 1, .max, .min])
    func floats(_ name: String) throws -> [Double] { try file.tensor(name).values() }
    #expect(try floats("float16") == [0, -1.5, .infinity, 65_504])
    #expect(try floats("bfloat16") == [0, -1.5, .infinity, Double(0xFF) * 0x1p120])
    #expect(try floats("float32") == [0, -1.5, .infinity, Double(Float.greatestFiniteMagnitude)])
    #expect(try floats("float64") == [0, -1.5, .infinity, .greatestFiniteMagnitude])
    #expect(try file.tensor("bool").values(as: Bool.self) == [false, true, true, false])
    #expect(try file.tensor("bool").shape == [2, 2])
    #expect(try floats("scalar") == [2.5])
    #expect(try file.tensor("scalar").shape == [])
    #expect(try file.tensor("empty").shape == [3, 0])
  }

  @Test("A tensor outlives the file that it was read from")
  func outlives() throws {
    let tensor = try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "one.safetensors")
      try SafetensorsWriter.write([.init("x", Tensor([Float(1), 2, 3], [3]))], to: url)
      return try SafetensorsFile(url).tensor("x").narrowed(0, from: 1, count: 2)
    }
    #expect(try tensor.values(as: Float.self) == [2, 3])
  }

  @Test("A tensor that is not there is an error with its name")
  func missing() throws {
    let url = Fixtures.url("safetensors/python.safetensors")
    let error = #expect(throws: GroveError.self) { try SafetensorsFile(url).tensor("weights") }
    #expect(error?.description == "\(url.path): has no tensor weights")
  }

  @Test("A write that fails leaves what was there before")
  func failedWrite() throws {
    struct Refusal: Error {}
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: "one.safetensors")
      try SafetensorsWriter.write([.init("x", Tensor([Float(1)], [1]))], to: url)
      #expect(throws: Refusal.self) {
        try SafetensorsWriter.write([.init("y", .float32, [1]) { throw Refusal() }], to: url)
      }
      #expect(try SafetensorsFile(url).entries.map(\.name) == ["x"])
      #expect(try FileSystem.entries(of: folder).count == 1)
    }
  }
}
