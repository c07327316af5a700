// The driver of scripts/fuzz: what libFuzzer calls. GROVE_FUZZ names the parser.
import Foundation
import GroveCore

private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["GROVE_FUZZ"] ?? "") ?? .json
private let folder: URL = {
  let parent = FileSystem.exists(URL(filePath: "/dev/shm")) ? URL(filePath: "/dev/shm") : URL(filePath: "/tmp")
  let folder = parent.appending(path: "grove-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
  try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}()

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int) -> Int

/// The most memory that the process has had, in MiB.
private func peakMebibytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Int(usage.ru_maxrss) >> 10
}

/// What one small input may add to the peak: libFuzzer looks at it once a second only, and then blames another input.
private let mostMebibytes = 64

/// Runs the parser on an input.
@_cdecl("LLVMFuzzerTestOneInput")
public func runInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let before = peakMebibytes()
  do { try target.run(bytes, in: folder) } catch { fatalError("an error that is no GroveError: \(error)") }
  let taken = peakMebibytes() - before
  if taken > mostMebibytes { fatalError("\(count) bytes took \(taken) MiB") }
  return 0
}

/// Changes an input: its bytes as libFuzzer does, or in two of three cases the values of one that is JSON.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateInput(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: UInt32) -> Int {
  guard target.isJSON, seed % 3 != 0,
    let value = try? JSONValue(parsing: UnsafeBufferPointer(start: bytes, count: count), at: "")
  else { return mutateBytes(bytes, count, capacity) }
  var random = RandomKey(seed: UInt64(seed)).generator()
  let text = Array(FuzzMutation.mutated(value, &random).text.utf8)
  guard text.count <= capacity else { return count }
  for (index, byte) in text.enumerated() { bytes[index] = byte }
  return text.count
}
