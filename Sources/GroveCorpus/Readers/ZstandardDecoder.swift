import CZstd
import GroveCore

/// Unpacks a Zstandard file of one or many frames; skippable frames are skipped.
///
/// The window of a frame is at most 128 MiB (the library's own limit), so memory is bounded for hostile files too.
final class ZstandardDecoder: StreamDecoder {
  private var input: PackedInput
  private let decoder: OpaquePointer
  private var isInFrame = true
  /// The decoder may hold more output than the last buffer had room for.
  private var mayHoldOutput = false

  init(_ file: FileReader) throws {
    guard let decoder = ZSTD_createDStream() else {
      throw GroveError(.file, file.url.path, "the Zstandard library cannot start: out of memory")
    }
    self.decoder = decoder
    input = PackedInput(file)
  }

  deinit { ZSTD_freeDStream(decoder) }

  func step(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    if try !input.refill(), !mayHoldOutput {
      if isInFrame { throw StreamFailure(kind: .truncated, byteOffset: input.byteOffset) }
      return nil
    }
    let rest = input.rest
    var packed = ZSTD_inBuffer(src: rest.baseAddress, size: rest.count, pos: 0)
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    let hint = ZSTD_decompressStream(decoder, &output, &packed)
    input.take(packed.pos)
    if ZSTD_isError(hint) != 0 {
      let reason = String(cString: ZSTD_getErrorName(hint)).lowercased()
      throw StreamFailure(kind: .corrupt(reason), byteOffset: input.byteOffset)
    }
    isInFrame = hint != 0
    mayHoldOutput = isInFrame && output.pos == output.size
    return output.pos
  }
}
