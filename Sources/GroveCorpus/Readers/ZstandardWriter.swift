import CZstd
public import Foundation
import GroveCore

/// Writes a Zstandard file of one frame that appears under its name when it is whole.
public final class ZstandardWriter {
  private let file: FileWriter
  private let encoder: OpaquePointer
  private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private static let level: Int32 = 3

  /// - Throws: `GroveError` with code `.file` if the file cannot be created.
  public init(_ url: URL) throws {
    guard let encoder = ZSTD_createCStream() else {
      throw GroveError(.file, url.path, "the Zstandard library cannot start: out of memory")
    }
    self.encoder = encoder
    do { file = try FileWriter(url) } catch {
      ZSTD_freeCStream(encoder)
      output.deallocate()
      throw error
    }
    _ = ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, ZstandardWriter.level)
  }

  deinit {
    ZSTD_freeCStream(encoder)
    output.deallocate()
  }

  /// Adds bytes to the end.
  public func write(_ bytes: UnsafeRawBufferPointer) throws { try pack(bytes, ZSTD_e_continue) }
  /// Adds the UTF-8 bytes of a text.
  public func write(_ text: String) throws { try Array(text.utf8).withUnsafeBytes { try write($0) } }

  /// Ends the frame and gives the file its name.
  public func commit() throws {
    try pack(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end)
    try file.commit()
  }

  private func pack(_ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective) throws {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      var packed = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
      let left = ZSTD_compressStream2(encoder, &packed, &input, directive)
      if ZSTD_isError(left) != 0 {
        throw GroveError(.file, file.url.path, "cannot pack: \(String(cString: ZSTD_getErrorName(left)).lowercased())")
      }
      try file.write(UnsafeRawBufferPointer(rebasing: output[..<packed.pos]))
      if directive == ZSTD_e_end ? left == 0 : input.pos == input.size { return }
    }
  }
}
