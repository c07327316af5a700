internal import CTorch

/// Sums the gradients of tensors over the processes of a group while the backward pass still runs.
///
/// Gradients are taken in float32 as soon as they are complete, the last tensor first, into buckets; a full bucket is
/// summed in the background. The tensors' own gradients are dropped at once.
public final class GradientReduction {
  private let group: ProcessGroup
  private let handle: GroveGradientBucketsHandle
  private let count: Int

  /// - Parameters:
  ///   - tensors: of the CPU, marked as wanting a gradient; all processes give the same ones in the same order.
  ///   - bucketBytes: of the gradients that are summed at once. Small buckets start earlier, large ones cost fewer
  ///     messages (Li et al. 2020, arXiv:2006.15704, §3.2.2 and §3.2.3).
  public init(_ group: ProcessGroup, _ tensors: [Tensor], bucketBytes: Int = 1 << 20) throws {
    self.group = group
    count = tensors.count
    let owner = try group.requireHandle()
    let handles = tensors.map { Optional($0.handle) }
    var made: GroveGradientBucketsHandle?
    try withExtendedLifetime(tensors) {
      try group.check("gradients of \(handles.count) tensors") {
        $0.make_buckets(owner, handles, Int32(handles.count), Int64(bucketBytes), &made)
      }
    }
    guard let made else { throw TorchError(.refused, "gradients", "gave no buckets") }
    handle = made
  }

  deinit { Torch.loadedTable.pointee.free_buckets(handle) }

  /// To be called before each backward pass.
  /// - Parameters:
  ///   - isFirst: its gradients begin a new sum; otherwise they are added to the last passes'.
  ///   - isLast: they complete the sum, which is then formed over the processes.
  public func prepare(isFirst: Bool, isLast: Bool) {
    Torch.loadedTable.pointee.arm_buckets(handle, isFirst, isLast)
  }

  /// Waits for the sums of the last pass.
  /// - Returns: a float32 sum for each tensor, which the next pass overwrites; nil for one without a part in the loss.
  public func finish() throws -> [Tensor?] {
    var out = [GroveTensorHandle?](repeating: nil, count: count)
    try group.check("sum of gradients") { $0.finish_buckets(handle, &out) }
    return out.map { $0.map { Tensor(owning: $0) } }
  }
}
