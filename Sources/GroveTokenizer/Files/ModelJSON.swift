import GroveCore

/// The `model` of a `tokenizer.json`, with the keys in the order of `tokenizers`.
struct ModelJSON {
  let tokenizer: Tokenizer

  var json: JSONValue {
    let texts = self.texts
    switch tokenizer.model {
    case .bytePair(let model):
      func affix(_ bytes: [UInt8]) -> JSONValue {
        bytes.isEmpty ? nil : .string(String(decoding: bytes, as: UTF8.self))
      }
      return [
        "type": "BPE", "dropout": nil, "unk_token": model.unknown.map { .string(texts[Int($0.id)]) } ?? nil,
        "continuing_subword_prefix": affix(model.continuation), "end_of_word_suffix": affix(model.wordEnd),
        "fuse_unk": .bool(model.unknown?.isFused ?? false), "byte_fallback": .bool(model.byteTokens != nil),
        "ignore_merges": .bool(model.wholeWords == .taken), "vocab": vocabulary(texts),
        "merges": .array(model.merges.map { [.string(texts[Int($0.left)]), .string(texts[Int($0.right)])] }),
      ]
    case .unigram(let model):
      let pieces = model.scores.indices.filter { isInModel($0) }.map { id in
        JSONValue.array([.string(texts[id]), .number(model.scores[id])])
      }
      return [
        "type": "Unigram", "unk_id": .integer(Int(model.unknownID)), "vocab": .array(pieces),
        "byte_fallback": .bool(model.byteTokens != nil),
      ]
    case .wordPiece(let model):
      return [
        "type": "WordPiece", "unk_token": .string(texts[Int(model.unknownID)]),
        "continuing_subword_prefix": .string(model.continuation),
        "max_input_chars_per_word": .integer(model.longestWord), "vocab": vocabulary(texts),
      ]
    }
  }

  /// How each token is spelled.
  private var texts: [String] {
    let added = Dictionary(tokenizer.addedTokens.map { ($0.id, $0.content) }) { first, _ in first }
    return (0..<UInt32(tokenizer.vocabularySize)).map { id in
      let bytes = tokenizer.vocabulary.bytes(of: id) ?? []
      if let content = added[id] { return content }
      return tokenizer.model.isByteLevel ? ByteAlphabet.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
    }
  }

  private func isInModel(_ id: Int) -> Bool { !tokenizer.parts.outsideModel.contains(UInt32(id)) }

  private func vocabulary(_ texts: [String]) -> JSONValue {
    .object(texts.indices.filter { isInModel($0) }.map { (key: texts[$0], value: .integer($0)) })
  }
}
