public import Foundation
import GroveCore
public import GroveTokenizer

extension Tokenizer {
  /// The tokenizer of a model: `tokenizer.json` in its folder, or that in the metadata of its GGUF file.
  /// - Throws: `GroveError` with code `.file` or `.format`, which names the file and the field.
  public init(ofModel url: URL) throws {
    guard GGUFFile.isGGUF(url) else {
      try self.init(contentsOf: url.appending(path: Tokenizer.fileName))
      return
    }
    let file = try GGUFFile(url)
    let tokenizer = try Tokenizer(GGUFTokenizer.document(file), at: url.path)
    let pairs = GGUFTokenizer.roles.compactMap { key, role -> (SpecialTokenRole, UInt32)? in
      guard let id = file[key]?.integerValue.flatMap({ UInt32(exactly: $0) }),
        tokenizer.addedTokens.contains(where: { $0.id == id })
      else { return nil }
      return (role, id)
    }
    self = try tokenizer.assigning(Dictionary(uniqueKeysWithValues: pairs))
  }
}
