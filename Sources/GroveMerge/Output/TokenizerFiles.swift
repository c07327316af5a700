import Foundation
import GroveCore
import GroveTokenizer

/// The files of the result that are not weights: those of the tokenizer, and how to generate.
struct TokenizerFiles {
  private let plan: MergePlan
  private let donor: SourceModel

  private static let generationConfig = "generation_config.json"
  private static let config = "tokenizer_config.json"
  private static let template = "chat_template.jinja"
  /// What holds tokens in a form of its own, and no longer fits once tokens were added.
  private static let otherForms = ["tokenizer.model", "vocab.json", "merges.txt", "added_tokens.json"]

  init(_ plan: MergePlan) {
    self.plan = plan
    donor = plan.models[plan.vocabulary?.donor ?? plan.donor]
  }

  func write(to folder: URL) throws {
    try copy(TokenizerFiles.generationConfig, from: plan.models[plan.donor], to: folder)
    let isChanged = plan.vocabulary.map { $0.vocabulary != donor.vocabulary } ?? false
    var files = ["special_tokens_map.json", "chat_template.json"]
    if !isChanged { files += [Tokenizer.fileName] + TokenizerFiles.otherForms }
    for file in files { try copy(file, from: donor, to: folder) }
    if isChanged, let vocabulary = plan.vocabulary?.vocabulary {
      try FileSystem.write(
        vocabulary.json.prettyText + "\n", to: folder.appending(path: Tokenizer.fileName))
    }
    try writeConfig(to: folder, isChanged: isChanged)
  }

  private func copy(_ name: String, from model: SourceModel, to folder: URL) throws {
    let source = model.folder.appending(path: name)
    guard FileSystem.exists(source) else { return }
    try FileSystem.write(FileSystem.read(source), to: folder.appending(path: name))
  }

  /// `tokenizer_config.json` with the chat template that the merge asks for, and with tokens that were added.
  private func writeConfig(to folder: URL, isChanged: Bool) throws {
    let file = donor.folder.appending(path: TokenizerFiles.config)
    let template = try chatTemplate()
    guard isChanged || template != nil else {
      try copy(TokenizerFiles.config, from: donor, to: folder)
      return try copy(TokenizerFiles.template, from: donor, to: folder)
    }
    var config = FileSystem.exists(file) ? try JSONValue(contentsOf: file) : .object([])
    if isChanged, config["added_tokens_decoder"] != nil, let vocabulary = plan.vocabulary?.vocabulary {
      let tokens = vocabulary.addedTokens.compactMap { token in
        token["id"].map { ($0.text, JSONValue.object((token.objectValue ?? []).filter { $0.key != "id" })) }
      }
      config = config.setting("added_tokens_decoder", to: .object(tokens))
    }
    if let template {
      config = config.setting("chat_template", to: .string(template))
    } else {
      try copy(TokenizerFiles.template, from: donor, to: folder)
    }
    try FileSystem.write(config.prettyText + "\n", to: folder.appending(path: TokenizerFiles.config))
  }

  /// The template that the config names; nil to keep the donor's.
  private func chatTemplate() throws -> String? {
    switch plan.config.chatTemplate {
    case "": return nil
    case "auto":
      let found = try plan.models.compactMap { try TokenizerFiles.template(of: $0) }
      var counts: [String: Int] = [:]
      for template in found { counts[template, default: 0] += 1 }
      let most = counts.values.max()
      return found.first { counts[$0] == most }
    case let template: return template
    }
  }

  private static func template(of model: SourceModel) throws -> String? {
    let jinja = model.folder.appending(path: template)
    if FileSystem.exists(jinja) {
      return String(decoding: try FileSystem.read(jinja), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let file = model.folder.appending(path: config)
    guard FileSystem.exists(file) else { return nil }
    let text = try JSONValue(contentsOf: file)["chat_template"]?.stringValue
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
