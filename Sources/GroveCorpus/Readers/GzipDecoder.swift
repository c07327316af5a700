import CZlib
import GroveCore

/// Unpacks a gzip file of one or many members; zero bytes between and after members are padding.
final class GzipDecoder: StreamDecoder {
  private var input: PackedInput
  private var decoder = z_stream()
  private var isInMember = true

  init(_ file: FileReader) throws {
    input = PackedInput(file)
    // 15 is the largest window, 16 asks for the gzip header.
    let status = inflateInit2_(&decoder, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw GroveError(.file, file.url.path, "zlib cannot start (status \(status))") }
  }

  deinit { inflateEnd(&decoder) }

  func step(into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
    guard try input.refill() else {
      if isInMember { throw StreamFailure(kind: .truncated, byteOffset: input.byteOffset) }
      return nil
    }
    if !isInMember {
      startMember()
      return 0
    }
    return try inflateOnce(buffer)
  }

  /// Skips padding; begins a member where something else stands.
  private func startMember() {
    let rest = input.rest
    let padding = rest.firstIndex { $0 != 0 } ?? rest.count
    input.take(padding)
    guard padding < rest.count else { return }
    inflateReset(&decoder)
    isInMember = true
  }

  private func inflateOnce(_ output: UnsafeMutableRawBufferPointer) throws -> Int {
    let rest = input.rest
    decoder.next_in = rest.baseAddress?.assumingMemoryBound(to: UInt8.self)
    decoder.avail_in = UInt32(rest.count)
    decoder.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let room = UInt32(clamping: output.count)
    decoder.avail_out = room
    let status = inflate(&decoder, Z_NO_FLUSH)
    input.take(rest.count - Int(decoder.avail_in))
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isInMember = false
    default:
      let reason = decoder.msg.map { String(cString: $0) } ?? "status \(status)"
      throw StreamFailure(kind: .corrupt(reason), byteOffset: input.byteOffset)
    }
    return Int(room - decoder.avail_out)
  }
}
