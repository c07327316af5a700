import GroveTensor
import GroveTesting
import Testing

@Suite("Tensors")
struct TensorTests {
  @Test("0, 1 and 2 survive a cast to every dtype and back", arguments: DType.allCases)
  func casts(dtype: DType) throws {
    let values: [Float] = dtype == .bool ? [0, 1, 1] : [0, 1, 2]
    let cast = try Tensor(values, [3]).cast(to: dtype)
    #expect(cast.dtype == dtype)
    #expect(try cast.values(as: Float.self) == values)
    #expect(cast.withBytes { $0.count } == 3 * dtype.byteCount)
    #expect(try cast.cast(to: dtype) === cast)
  }

  @Test("Casts round to nearest even, truncate toward zero, and go to infinity")
  func castValues() throws {
    let x = try Tensor([Float(0.1), 257, 259, 70_000, 1e-9, -2.7], [6])
    #expect(try x.cast(to: .bfloat16).values() == [Float(0.10009765625), 256, 260, 70_144, 137 * 0x1p-37, -2.703125])
    #expect(try x.cast(to: .float16).values() == [Float(0.099975586), 257, 259, .infinity, 0, -2.6992188])
    #expect(try x.cast(to: .int64).values() == [Int64(0), 257, 259, 70_000, 0, -2])
    #expect(try x.cast(to: .bool).values() == [true, true, true, true, true, true])
  }

  @Test(
    "Devices are read from their names, and written as they are read",
    arguments: [("cpu", Device.cpu), ("mps", .mps), ("cuda:0", .cuda(0)), ("cuda:127", .cuda(127))])
  func devices(name: String, device: Device) {
    #expect(Device(name) == device)
    #expect(device.description == name)
  }

  @Test("\"cuda\" is the first GPU, and what is no device is nil")
  func noDevices() {
    #expect(Device("cuda") == .cuda(0))
    for name in ["", "CPU", "gpu", "cpu:0", "cuda:", "cuda:-1", "cuda:128", "cuda:x", "cuda:1 "] {
      #expect(Device(name) == nil, "\(name)")
    }
  }

  /// Memory that counts on being there as long as a tensor looks at it.
  private final class Owner {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
    init() { memory.copyBytes(from: [1, 2, 3, 4].flatMap { withUnsafeBytes(of: Float($0)) { Array($0) } }) }
    deinit { memory.deallocate() }
  }

  @Test("Wrapped memory keeps its owner as long as a view of it lives, and no longer")
  func wrapping() throws {
    weak var watched: Owner?
    var view: Tensor?
    do {
      let owner = Owner()
      watched = owner
      view = try Tensor.wrapping(UnsafeRawBufferPointer(owner.memory), [4], .float32, owner: owner)
        .narrowed(0, from: 2, count: 2)
    }
    #expect(watched != nil)
    #expect(try view?.values(as: Float.self) == [3, 4])
    view = nil
    #expect(watched == nil)
  }

  @Test("Values come in row-major order from views, scalars and empty tensors")
  func values() throws {
    let x = try Tensor([Float(1), 2, 3, 4, 5, 6], [2, 3])
    #expect(try x.transposed(0, 1).values() == [Float(1), 4, 2, 5, 3, 6])
    #expect(try x.selected(1, -1).values() == [Float(3), 6])
    #expect(try x.selected(0, 1).selected(0, 1).item() == 5)
    #expect(try x.narrowed(0, from: 1, count: 0).values(as: Float.self) == [])
    #expect(x.strides == [3, 1] && x.rank == 2 && x.size(-1) == 3)
    #expect(try "\(x.cast(to: .int8))" == "int8 [2, 3]")
  }

  @Test("NaN and infinity go through as IEEE says")
  func notFinite() throws {
    let x = try Tensor([Float(1), .nan, .infinity, -.infinity], [4])
    #expect(try x.isFinite().values() == [true, false, false, false])
    #expect(try x.isFinite().allTrue() == false)
    #expect(try x.sum().item().isNaN)
    #expect(try x.maximum(0, axis: .removed).item().isNaN)
    #expect(try x.equals(x).values() == [true, false, true, true])
    #expect(try x.narrowed(0, from: 2, count: 1).norm().item() == .infinity)
    let forbidden = try Tensor([Float(0), -.infinity, 0], [3])
    #expect(try forbidden.softmax(0).values() == [Float(0.5), 0, 0.5])
    #expect(try Tensor([-Float.infinity, -.infinity], [2]).softmax(0).values(as: Float.self).allSatisfy(\.isNaN))
  }

  @Test("A size of which nobody has the memory, or that cannot be, is an error in words")
  func memory() throws {
    let large = #expect(throws: TorchError.self) { try Tensor.empty([1 << 46], .float32) }
    #expect(
      large?.description
        == "aten::empty.memory_format([70368744177664], 6, default, cpu): not enough memory: cannot allocate 281474976710656 bytes"
    )
    let negative = #expect(throws: TorchError.self) { try Tensor.empty([2, -1], .float32) }
    #expect(negative?.code == .refused)
    let overflow = #expect(throws: TorchError.self) { try Tensor.empty([1 << 62, 8], .float32) }
    #expect(overflow?.code == .refused)
  }
}
