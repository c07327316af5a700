internal import CTorch

extension Tensor {
  /// Marks a tensor as one whose gradient is wanted.
  public func setRequiresGradient(_ value: Bool) throws {
    try Torch.check("requires_grad(\(self))", Torch.table().pointee.set_requires_gradient(handle, value))
  }

  /// Adds the gradient of this scalar to `gradient` of every tensor that it was computed from and that wants one.
  public func backward() throws {
    try Torch.check("backward(\(self))", Torch.table().pointee.backward(handle, nil))
  }

  /// As `backward()`, from a tensor of any shape with the gradient of the loss with respect to it.
  public func backward(_ cotangent: Tensor) throws {
    try Torch.check("backward(\(self))", Torch.table().pointee.backward(handle, cotangent.handle))
  }

  /// What `backward()` has gathered; nil if nothing.
  public func gradient() throws -> Tensor? {
    var out: GroveTensorHandle?
    try Torch.check("gradient(\(self))", Torch.table().pointee.gradient(handle, &out))
    return out.map { Tensor(owning: $0) }
  }

  /// Drops the gathered gradient.
  public func clearGradient() throws { try Torch.table().pointee.clear_gradient(handle) }

  /// The gradients of this scalar with respect to `inputs`, without touching what `backward()` gathers;
  /// nil where an input had no part.
  public func gradients(of inputs: [Tensor], cotangent: Tensor? = nil) throws -> [Tensor?] {
    var out = [GroveTensorHandle?](repeating: nil, count: inputs.count)
    let handles = inputs.map { Optional($0.handle) }
    try Torch.check(
      "gradients(\(self))",
      Torch.table().pointee.gradients(handle, cotangent?.handle, handles, Int32(handles.count), &out))
    return out.map { $0.map { Tensor(owning: $0) } }
  }

  /// The same values, cut off from what they were computed from.
  public func detached() throws -> Tensor { try Tensor.detach.tensor(.tensor(self)) }

  private static let detach = Operator("aten::detach")
}

/// Whether operators remember how to run backwards.
public enum GradientMode: Sendable {
  case recording
  case off
}

/// Runs `body` on this thread with recording on or off, and restores what was before.
public func withGradients<Result>(_ mode: GradientMode, _ body: () throws -> Result) throws -> Result {
  let table = try Torch.table()
  let before = table.pointee.set_gradients(mode == .recording)
  defer { _ = table.pointee.set_gradients(before) }
  return try body()
}
