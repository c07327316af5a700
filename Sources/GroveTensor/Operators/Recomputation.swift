internal import CTorch
import Foundation

/// What `body` makes of `inputs`, without keeping what it computes on the way: the backward pass calls it again (Chen et al.
/// 2016, arXiv:1604.06174). Costs its time twice, and takes the memory of its inputs.
///
/// - Parameters:
///   - parameters: tensors that `body` reads besides its inputs and whose gradients are wanted.
///   - body: gives the same for the same inputs, however often it is called, on whatever thread.
/// - Throws: what `body` throws; in the backward pass, a `TorchError` that holds its words.
public func recomputed(
  _ inputs: [Tensor], parameters: [Tensor], _ body: @escaping ([Tensor]) throws -> Tensor
) throws -> Tensor {
  let held = RecomputedBody(body)
  let part = GroveRecomputation(
    run: { context, inputs, count, take, taker in
      guard let context, let inputs, let take else { return strdup("no function") }
      return Unmanaged<RecomputedBody>.fromOpaque(context).takeUnretainedValue().run(inputs, count) { take(taker, $0) }
    },
    release: { context in
      if let context { Unmanaged<RecomputedBody>.fromOpaque(context).release() }
    },
    context: Unmanaged.passRetained(held).toOpaque())
  let handles = (inputs + parameters).map { Optional($0.handle) }
  var out: GroveTensorHandle?
  let status = try Torch.table().pointee.recompute(part, handles, Int32(handles.count), Int32(inputs.count), &out)
  // The graph keeps `held` for the backward pass, so an error of the first call is taken out.
  let error = held.error
  held.error = nil
  do { try Torch.check("recomputed(\(inputs))", status) } catch { throw held.error ?? error }
  if let error { throw error }
  guard let out else { throw TorchError(.refused, "recomputed(\(inputs))", "gave no tensor") }
  return Tensor(owning: out)
}

/// A function that libtorch calls.
private final class RecomputedBody {
  private let body: ([Tensor]) throws -> Tensor
  /// Of the last call that failed.
  var error: (any Error)?

  init(_ body: @escaping ([Tensor]) throws -> Tensor) { self.body = body }

  /// The message of what went wrong, for the bridge to free; nil if nothing did.
  func run(
    _ inputs: UnsafePointer<GroveTensorHandle?>, _ count: Int32, _ take: (GroveTensorHandle) -> Void
  ) -> UnsafeMutablePointer<CChar>? {
    let tensors = (0..<Int(count)).compactMap { inputs[$0].map { Tensor(owning: $0) } }
    do {
      let result = try body(tensors)
      withExtendedLifetime(result) { take(result.handle) }
      return nil
    } catch {
      self.error = error
      return strdup("\(error)")
    }
  }
}
