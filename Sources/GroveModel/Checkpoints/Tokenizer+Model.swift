public import Foundation
import GroveCore
public import GroveTokenizer

extension Tokenizer {
  /// The tokenizer of a model: `tokenizer.json` or `tokenizer.model` in its folder, or that in the metadata of its GGUF
  /// file, with its chat template.
  /// - Throws: `GroveError` with code `.file` or `.format`, which names the file and the field.
  public init(ofModel url: URL) throws {
    guard GGUFFile.isGGUF(url) else {
      let json = url.appending(path: Tokenizer.fileName)
      let model = url.appending(path: Tokenizer.sentencePieceFileName)
      try self.init(contentsOf: FileSystem.exists(model) && !FileSystem.exists(json) ? model : json)
      return
    }
    let file = try GGUFFile(url)
    let tokenizer =
      GGUFTokenizer.isSentencePiece(file)
      ? try GGUFTokenizer.sentencePieceTokenizer(file)
      : try Tokenizer(GGUFTokenizer.document(file), at: url.path)
    let pairs = GGUFTokenizer.roles.compactMap { key, role -> (SpecialTokenRole, UInt32)? in
      guard let id = file[key]?.integerValue.flatMap({ UInt32(exactly: $0) }),
        tokenizer.addedTokens.contains(where: { $0.id == id })
      else { return nil }
      return (role, id)
    }
    let template = file[GGUFTokenizer.chatTemplate]?.stringValue
    self = try tokenizer.assigning(Dictionary(uniqueKeysWithValues: pairs)).assigning(chatTemplate: template)
  }
}
